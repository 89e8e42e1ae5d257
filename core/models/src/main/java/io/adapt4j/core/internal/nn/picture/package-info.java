/** Pictures in prompts: hidden states that take the places of tokens. */
@NullMarked
package io.adapt4j.core.internal.nn.picture;

import org.jspecify.annotations.NullMarked;
