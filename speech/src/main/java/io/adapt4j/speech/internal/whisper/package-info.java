/** Whisper: the prompt, the rules of its tokens, and the windows of a recording. */
@NullMarked
package io.adapt4j.speech.internal.whisper;

import org.jspecify.annotations.NullMarked;
