/** Looking into data: what a path holds, what is wrong with its rows, what a model sees of them. */
@NullMarked
package io.adapt4j.studio.internal.data;

import org.jspecify.annotations.NullMarked;
