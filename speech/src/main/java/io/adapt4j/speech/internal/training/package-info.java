/** Training of Whisper on recordings with their transcripts. */
@NullMarked
package io.adapt4j.speech.internal.training;

import org.jspecify.annotations.NullMarked;
