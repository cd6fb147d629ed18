# Windows: set everything up, then run the demo or the tests.
#
#   powershell -ExecutionPolicy Bypass -File setup\run.ps1 demo
#   powershell -ExecutionPolicy Bypass -File setup\run.ps1 test
#
# Python 3.12 or 3.11 is taken from the machine; where there is neither, uv fetches one.
param([ValidateSet("demo", "test")][string]$What = "demo")
$ErrorActionPreference = "Stop"
Set-Location (Join-Path $PSScriptRoot "..")
$venvPython = ".venv\Scripts\python.exe"

function Find-Python {
    foreach ($version in "3.12", "3.11") {
        if (Get-Command py -ErrorAction SilentlyContinue) {
            & py "-$version" -c "import sys" 2>$null
            if ($LASTEXITCODE -eq 0) { return @("py", "-$version") }
        }
    }
    foreach ($name in "python3", "python") {
        if (Get-Command $name -ErrorAction SilentlyContinue) {
            & $name -c "import sys; sys.exit(not (3, 11) <= sys.version_info[:2] <= (3, 12))" 2>$null
            if ($LASTEXITCODE -eq 0) { return @($name) }
        }
    }
    return @()
}

if (-not (Test-Path $venvPython)) {
    $python = @(Find-Python)
    if ($python.Count -gt 0) {
        $rest = @($python | Select-Object -Skip 1)
        & $python[0] @rest -m venv .venv
    } elseif (Get-Command uv -ErrorAction SilentlyContinue) {
        Write-Host "setup: no Python 3.12 or 3.11 here: uv fetches 3.12"
        & uv venv --quiet --seed --python 3.12 .venv
    } else {
        Write-Error ("Python 3.12 or 3.11 is needed, and neither is here. Install one of them " +
            "(python.org), or install uv (docs.astral.sh/uv) and run this again.")
    }
    if ($LASTEXITCODE -ne 0) { exit 1 }
}
$locks = @("-r", "requirements.lock")
if ($What -eq "test") { $locks += @("-r", "requirements-dev.lock") }
Write-Host "setup: Python packages"
& $venvPython -m pip install --quiet --disable-pip-version-check --no-deps @locks
if ($LASTEXITCODE -ne 0) { exit 1 }
& $venvPython -m pip install --quiet --disable-pip-version-check --no-deps --editable .
if ($LASTEXITCODE -ne 0) { exit 1 }
if ($What -eq "test") { & $venvPython -m pytest -q } else { & ".venv\Scripts\mensetsu.exe" demo }
exit $LASTEXITCODE
