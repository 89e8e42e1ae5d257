/** Transcripts of recordings: options, parts and forms. */
@NullMarked
package io.adapt4j.speech.transcript;

import org.jspecify.annotations.NullMarked;
