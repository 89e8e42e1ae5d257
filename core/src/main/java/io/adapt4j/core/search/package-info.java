/** Finds good settings of a fine-tuning by trying some. */
@NullMarked
package io.adapt4j.core.search;

import org.jspecify.annotations.NullMarked;
