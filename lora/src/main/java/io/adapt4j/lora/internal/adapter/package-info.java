/** Adapters of any kind on a network, and their training. */
@NullMarked
package io.adapt4j.lora.internal.adapter;

import org.jspecify.annotations.NullMarked;
