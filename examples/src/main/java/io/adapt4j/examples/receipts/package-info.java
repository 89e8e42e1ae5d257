/** Drawn receipts, and a small random model that can learn to read them. */
@NullMarked
package io.adapt4j.examples.receipts;

import org.jspecify.annotations.NullMarked;
