
"use strict";
(() => {
  // The page writes nothing: it only puts a command together, to be copied and typed.
  for (const form of document.querySelectorAll(".goal-form")) {
    const number = form.querySelector(".goal-number");
    const until = form.querySelector(".goal-until");
    const command = form.querySelector(".goal-command");
    const status = form.querySelector(".goal-status");
    const say = (what) => { status.textContent = status.dataset[what] ?? ""; };
    const complete = () => number.checkValidity() && until.checkValidity();

    function build() {
      say("");
      if (!complete()) {
        command.value = "";
        return;
      }
      // Only digits, a point and a minus can be in a valid number, and a date is a date.
      const value = number.value + form.dataset.suffix;
      command.value = `${form.dataset.goal} ${form.dataset.option} ${value} --until ${until.value}`;
    }
    number.addEventListener("input", build);
    until.addEventListener("input", build);

    form.querySelector(".goal-button").addEventListener("click", async () => {
      if (!complete()) {
        say("wrong");
        (number.checkValidity() ? until : number).focus();
        return;
      }
      try {
        await navigator.clipboard.writeText(command.value);
        say("copied");
      } catch {
        // No permission, or no clipboard on this page: the text is selected for the user's keys.
        command.focus();
        command.select();
        say("byHand");
      }
    });
    // Keys typed into a field are no shortcuts of the page.
    form.addEventListener("keydown", (event) => event.stopPropagation());
  }
})();
