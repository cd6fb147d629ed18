"use strict";
// A way in from the history page puts the focus where the answer begins.
(() => {
  const go = () => {
    const target = location.hash && document.getElementById(location.hash.slice(1));
    if (target) target.focus();
  };
  addEventListener("hashchange", go);
  go();
})();
