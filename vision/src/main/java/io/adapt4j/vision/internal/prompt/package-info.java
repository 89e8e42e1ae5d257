/** Pictures in prompts of text models. */
@NullMarked
package io.adapt4j.vision.internal.prompt;

import org.jspecify.annotations.NullMarked;
