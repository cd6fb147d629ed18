"""Numbers to pages: report, subtitles, tables. No media library is needed to make them."""
