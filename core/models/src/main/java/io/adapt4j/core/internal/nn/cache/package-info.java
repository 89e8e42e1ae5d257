/** Key-value caches, and the positions and masks of a pass. */
package io.adapt4j.core.internal.nn.cache;
