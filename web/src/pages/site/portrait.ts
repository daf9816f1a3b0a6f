// The form for one's picture: <form data-picture> with a file field, and <fieldset data-crop> with canvas and sliders.
// What is sent is a small square; the original never leaves the device. Without script the file goes as it is.
import { dragged, seen, type View } from "./crop";

const SENT_SIDE = 512;
const SENT_QUALITY = 0.9;
const WHOLE: View = { zoom: 1, x: 0.5, y: 0.5 };

/** Connect every such form of the page. */
export function offerCropping(page: Document): void {
  for (const form of page.querySelectorAll<HTMLFormElement>("form[data-picture]")) {
    const field = form.querySelector<HTMLInputElement>('input[type="file"]');
    const crop = form.querySelector<HTMLFieldSetElement>("[data-crop]");
    const canvas = crop?.querySelector("canvas");
    if (field && crop && canvas) {
      connect(form, { field, crop, canvas });
    }
  }
}

interface Parts {
  field: HTMLInputElement;
  crop: HTMLFieldSetElement;
  canvas: HTMLCanvasElement;
}

function connect(form: HTMLFormElement, { field, crop, canvas }: Parts): void {
  const said = form.querySelector('[role="status"]');
  const sliders = readSliders(crop);
  let picture: ImageBitmap | null = null;
  // Finer than the sliders' steps, which a pointer moves through.
  let view = WHOLE;

  const show = (changed: View) => {
    view = changed;
    if (picture !== null) {
      draw(canvas, picture, view);
    }
  };

  field.addEventListener("change", () => {
    const file = field.files?.[0];
    void open(file).then((opened) => {
      picture?.close();
      picture = opened;
      crop.hidden = opened === null;
      if (said !== null) {
        said.textContent = file !== undefined && opened === null ? (form.dataset["failed"] ?? "") : "";
      }
      sliders.set(WHOLE);
      show(WHOLE);
    });
  });
  crop.addEventListener("input", () => show(sliders.view()));
  followPointer(canvas, (right, down) => {
    if (picture !== null) {
      // From pixels of the screen to those of the picture.
      const scale = seen(picture.width, picture.height, view).side / canvas.clientWidth;
      show(dragged(picture.width, picture.height, view, right * scale, down * scale));
      sliders.set(view);
    }
  });
  form.addEventListener("submit", (event) => {
    if (picture === null) {
      return;
    }
    event.preventDefault();
    void square(picture, view).then((file) => {
      if (file !== null) {
        const sent = new DataTransfer();
        sent.items.add(file);
        field.files = sent.files;
      }
      form.submit();
    });
  });
}

async function open(file: File | undefined): Promise<ImageBitmap | null> {
  try {
    return file === undefined ? null : await createImageBitmap(file, { imageOrientation: "from-image" });
  } catch {
    return null;
  }
}

function draw(canvas: HTMLCanvasElement, picture: ImageBitmap, view: View): void {
  const { left, top, side } = seen(picture.width, picture.height, view);
  const context = canvas.getContext("2d");
  if (context !== null) {
    context.imageSmoothingQuality = "high";
    context.clearRect(0, 0, canvas.width, canvas.height);
    context.drawImage(picture, left, top, side, side, 0, 0, canvas.width, canvas.height);
  }
}

async function square(picture: ImageBitmap, view: View): Promise<File | null> {
  const canvas = document.createElement("canvas");
  canvas.width = canvas.height = SENT_SIDE;
  draw(canvas, picture, view);
  // Browsers that cannot write WebP write PNG instead.
  const blob = await new Promise<Blob | null>((done) => canvas.toBlob(done, "image/webp", SENT_QUALITY));
  return blob === null ? null : new File([blob], "picture", { type: blob.type });
}

function readSliders(crop: HTMLFieldSetElement) {
  const slider = (name: string) => crop.querySelector<HTMLInputElement>(`input[name="${name}"]`);
  const [zoom, x, y] = [slider("zoom"), slider("x"), slider("y")];
  const percent = (input: HTMLInputElement | null, otherwise: number) =>
    (input?.valueAsNumber ?? otherwise) / 100;
  return {
    view: (): View => ({ zoom: percent(zoom, 100), x: percent(x, 50), y: percent(y, 50) }),
    set(view: View): void {
      for (const [input, value] of [
        [zoom, view.zoom],
        [x, view.x],
        [y, view.y],
      ] as const) {
        if (input !== null) {
          input.valueAsNumber = value * 100;
        }
      }
    },
  };
}

function followPointer(canvas: HTMLCanvasElement, moved: (right: number, down: number) => void): void {
  canvas.addEventListener("pointerdown", (event) => {
    canvas.setPointerCapture(event.pointerId);
  });
  canvas.addEventListener("pointermove", (event) => {
    if (canvas.hasPointerCapture(event.pointerId)) {
      moved(event.movementX, event.movementY);
    }
  });
}
