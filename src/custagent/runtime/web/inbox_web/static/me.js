// Helps with the form of the working hours; without it every day is typed.
const alike = document.getElementById("alike");
const monday = document.getElementById("mon");

alike.hidden = false;
alike.addEventListener("click", () => {
  for (const day of ["tue", "wed", "thu", "fri"]) document.getElementById(day).value = monday.value;
  document.querySelector("#hours .primary").focus();
});
