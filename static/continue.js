// Leads on without leaving this page in the history. The page works without it.
const link = document.getElementById("continue");
if (link) location.replace(link.href);
