/** Sound: files, rates and spectrograms. */
@NullMarked
package io.adapt4j.speech.internal.audio;

import org.jspecify.annotations.NullMarked;
