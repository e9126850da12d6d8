// Finds, while the person types, the number that a sign-in form has to carry: the SHA-256 of its
// field, `<challenge>:<number>`, must begin with so many zero bits. Stands behind the field in the
// form, where no button can be pressed before it has run, and is the worker that searches too.
"use strict";

(() => {
  const K = new Int32Array([
    0x428a2f98, 0x71374491, 0xb5c0fbcf, 0xe9b5dba5, 0x3956c25b, 0x59f111f1, 0x923f82a4, 0xab1c5ed5,
    0xd807aa98, 0x12835b01, 0x243185be, 0x550c7dc3, 0x72be5d74, 0x80deb1fe, 0x9bdc06a7, 0xc19bf174,
    0xe49b69c1, 0xefbe4786, 0x0fc19dc6, 0x240ca1cc, 0x2de92c6f, 0x4a7484aa, 0x5cb0a9dc, 0x76f988da,
    0x983e5152, 0xa831c66d, 0xb00327c8, 0xbf597fc7, 0xc6e00bf3, 0xd5a79147, 0x06ca6351, 0x14292967,
    0x27b70a85, 0x2e1b2138, 0x4d2c6dfc, 0x53380d13, 0x650a7354, 0x766a0abb, 0x81c2c92e, 0x92722c85,
    0xa2bfe8a1, 0xa81a664b, 0xc24b8b70, 0xc76c51a3, 0xd192e819, 0xd6990624, 0xf40e3585, 0x106aa070,
    0x19a4c116, 0x1e376c08, 0x2748774c, 0x34b0bcb5, 0x391c0cb3, 0x4ed8aa4a, 0x5b9cca4f, 0x682e6ff3,
    0x748f82ee, 0x78a5636f, 0x84c87814, 0x8cc70208, 0x90befffa, 0xa4506ceb, 0xbef9a3f7, 0xc67178f2,
  ]);
  const w = new Int32Array(64);

  if (typeof document === "undefined") {
    onmessage = ({ data }) => postMessage(solve(data.challenge, data.bits));
    return;
  }

  const field = document.currentScript.previousElementSibling;
  const form = field.form;
  const worker = new Worker(document.currentScript.src);
  let isReady = false;
  let waiting = null; // a submission that came too early

  worker.addEventListener("message", ({ data }) => {
    field.value = data;
    goOn();
  });
  // Without a proof the server goes by how long the page was open.
  worker.addEventListener("error", goOn);
  worker.postMessage({ challenge: field.value, bits: Number(field.dataset.bits) });

  function goOn() {
    isReady = true;
    worker.terminate();
    if (waiting) form.requestSubmit(waiting.submitter);
  }

  // Before the form's own listeners, to which a submission that waits has not happened yet.
  addEventListener(
    "submit",
    (event) => {
      if (isReady || event.target !== form) return;
      event.preventDefault();
      event.stopImmediatePropagation();
      waiting = event;
      event.submitter?.setAttribute("aria-busy", "true");
    },
    true,
  );

  // The field with the smallest number that does. It is of 55 characters at most, one block.
  function solve(challenge, bits) {
    const start = `${challenge}:`;
    const block = new DataView(new ArrayBuffer(64));
    for (let i = 0; i < start.length; i++) block.setUint8(i, start.charCodeAt(i));
    for (let number = 0; ; number++) {
      const digits = String(number);
      const length = start.length + digits.length;
      for (let i = 0; i < digits.length; i++) {
        block.setUint8(start.length + i, digits.charCodeAt(i));
      }
      block.setUint8(length, 0x80);
      block.setUint32(60, length * 8);
      if (firstWord(block) >>> (32 - bits) === 0) return start + number;
    }
  }

  // The first 32 bits of the SHA-256 (FIPS 180-4 §6.2.2) of a message of one padded block.
  function firstWord(block) {
    for (let t = 0; t < 16; t++) w[t] = block.getInt32(t * 4);
    for (let t = 16; t < 64; t++) {
      const [x, y] = [w[t - 15], w[t - 2]];
      const s0 = ((x >>> 7) | (x << 25)) ^ ((x >>> 18) | (x << 14)) ^ (x >>> 3);
      const s1 = ((y >>> 17) | (y << 15)) ^ ((y >>> 19) | (y << 13)) ^ (y >>> 10);
      w[t] = s1 + w[t - 7] + s0 + w[t - 16];
    }
    let [a, b, c, d] = [0x6a09e667, 0xbb67ae85, 0x3c6ef372, 0xa54ff53a];
    let [e, f, g, h] = [0x510e527f, 0x9b05688c, 0x1f83d9ab, 0x5be0cd19];
    for (let t = 0; t < 64; t++) {
      const s1 = ((e >>> 6) | (e << 26)) ^ ((e >>> 11) | (e << 21)) ^ ((e >>> 25) | (e << 7));
      const t1 = (h + s1 + ((e & f) ^ (~e & g)) + K[t] + w[t]) | 0;
      const s0 = ((a >>> 2) | (a << 30)) ^ ((a >>> 13) | (a << 19)) ^ ((a >>> 22) | (a << 10));
      const t2 = (s0 + ((a & b) ^ (a & c) ^ (b & c))) | 0;
      h = g;
      g = f;
      f = e;
      e = (d + t1) | 0;
      d = c;
      c = b;
      b = a;
      a = (t1 + t2) | 0;
    }
    return (a + 0x6a09e667) >>> 0;
  }
})();
