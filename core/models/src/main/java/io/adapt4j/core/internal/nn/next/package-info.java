/** Layers that predict the tokens after the next one (multi-token prediction). */
package io.adapt4j.core.internal.nn.next;
