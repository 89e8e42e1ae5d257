/** Finds and repairs what is wrong with training data: duplicates, leaks, secrets, damage. */
package io.adapt4j.core.data.quality;
