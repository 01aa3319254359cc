// The server, as the frame asks it.

const API = new URL("./", location.href);
const TIMEOUT = 15_000;
const LONGEST_WAIT = 30_000;
const UPLOAD_TIMEOUT = 120_000;

/** Waits before the next try, longer each time. */
export function backOff(tries) {
  const wait = Math.min(LONGEST_WAIT, 1000 * 2 ** tries) * (0.5 + Math.random() / 2);
  return new Promise((resolve) => setTimeout(resolve, wait));
}

export class Server {
  /** Who asks; null: nobody yet. */
  token = null;

  address(path) {
    return new URL(path, API);
  }

  get headers() {
    return this.token === null ? {} : { Authorization: `Bearer ${this.token}` };
  }

  /** The response; null when none came. */
  async ask(path, { json, query = {} } = {}) {
    const address = this.address(path);
    for (const [name, value] of Object.entries(query)) address.searchParams.set(name, value);
    const { headers } = this;
    const options = { headers, cache: "no-store", signal: AbortSignal.timeout(TIMEOUT) };
    if (json !== undefined) {
      headers["Content-Type"] = "application/json";
      // keepalive: what was sent arrives although the visitor goes on to another page.
      Object.assign(options, { method: "POST", body: JSON.stringify(json), keepalive: true });
    }
    return fetch(address, options).catch(() => null);
  }

  /**
   * Sends a message, with a file where there is one; `progress(share)` hears how much of it has gone, 0 to 1.
   * The status, the answer and the seconds to wait before trying again; the status is 0 when no answer came.
   */
  async post(message, file, progress) {
    if (file) return this.#upload({ ...message, name: file.name }, file, progress);
    const response = await this.ask("messages", { json: message });
    if (response === null) return { status: 0, answer: null, wait: 1 };
    const wait = Number(response.headers.get("Retry-After")) || 1;
    return { status: response.status, answer: await response.json().catch(() => null), wait };
  }

  #upload(said, file, progress) {
    return new Promise((resolve) => {
      // fetch cannot tell how much of a body has gone.
      const request = new XMLHttpRequest();
      request.open("POST", this.address("files"));
      request.timeout = UPLOAD_TIMEOUT;
      request.setRequestHeader("Content-Type", "application/vnd.custagent.file");
      for (const [name, value] of Object.entries(this.headers)) request.setRequestHeader(name, value);
      request.upload.addEventListener("progress", ({ loaded, total }) => progress(total > 0 ? loaded / total : 0));
      request.addEventListener("load", () => {
        const wait = Number(request.getResponseHeader("Retry-After")) || 1;
        resolve({ status: request.status, answer: parsed(request.responseText), wait });
      });
      for (const end of ["error", "timeout", "abort"]) {
        request.addEventListener(end, () => resolve({ status: 0, answer: null, wait: 1 }));
      }
      // A line of JSON, then the file as it is.
      request.send(new Blob([JSON.stringify(said), "\n", file]));
    });
  }

  /** Who the visitor is, as the site says it: {token, same}, or {refused: why}. Asks until there is an answer. */
  async identify(jwt) {
    for (let tries = 0; ; tries += 1) {
      const response = await this.ask("identify", { json: { jwt } });
      const answer = await response?.json().catch(() => null);
      if (response?.ok && answer) return answer;
      const final = response !== null && response.status < 500 && response.status !== 429;
      if (final) return { refused: answer?.error?.message ?? "" };
      await backOff(tries);
    }
  }

  /** A file of a message as a Blob; null when it cannot be had. */
  async file(message, number) {
    const options = { headers: this.headers, signal: AbortSignal.timeout(UPLOAD_TIMEOUT) };
    const response = await fetch(this.address(`files/${message}/${number}`), options).catch(() => null);
    return response?.ok ? response.blob().catch(() => null) : null;
  }
}

function parsed(text) {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}
