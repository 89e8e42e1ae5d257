/** Finds and repairs problems of training data: duplicates, leaks, secrets, encoding damage. */
@NullMarked
package io.adapt4j.core.data.quality;

import org.jspecify.annotations.NullMarked;
