// SPDX-License-Identifier: Apache-2.0
// The script of the reading pages: times in the reader's zone, buttons that copy, files dropped on the box, and the
// meaning of the text in the box. Pages are complete without it.

import { addCopyButtons } from "./copy.ts";
import { takeDroppedFiles } from "./drop.ts";
import { sayMeanings } from "./meaning.ts";
import { showLocalTimes } from "./times.ts";

showLocalTimes();
addCopyButtons();
takeDroppedFiles();
sayMeanings();
