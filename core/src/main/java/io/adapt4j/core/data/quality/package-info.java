/** Finds and repairs what is wrong with training data: duplicates, leaks, secrets, damage. */
@NullMarked
package io.adapt4j.core.data.quality;

import org.jspecify.annotations.NullMarked;
