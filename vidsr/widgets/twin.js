// A child of a widget that draws nothing: it hides the picture which an earlier output of the same cell shows to readers
// without widgets. Trait: twin (length of that picture's base64). Front ends other than JupyterLab show both.

const find = (el, length) => [...(el.closest(".jp-OutputArea")?.querySelectorAll("img") ?? [])]
  .filter((image) => (image.src.split(",")[1] ?? "").replace(/\s|%0A/g, "").length === length)
  .map((image) => image.closest(".jp-OutputArea-child"))
  .filter((output) => output && !output.contains(el));

export default {
  render({ model, el }) {
    let hidden = [];
    const later = setTimeout(() => {  // the element is not in the page before
      hidden = model.get("twin") ? find(el, model.get("twin")) : [];
      hidden.forEach((output) => { output.style.display = "none"; });
    }, 300);
    return () => { clearTimeout(later); hidden.forEach((output) => { output.style.display = ""; }); };
  },
};
