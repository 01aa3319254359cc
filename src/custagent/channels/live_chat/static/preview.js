// The page of a preview: who starts over is somebody new to the agent.
document.getElementById("over").addEventListener("click", () => {
  window.custagent?.logout();
  window.custagent?.open();
});
