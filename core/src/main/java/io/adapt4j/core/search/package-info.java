/** Finds good settings of a fine-tuning by trying some. */
package io.adapt4j.core.search;
