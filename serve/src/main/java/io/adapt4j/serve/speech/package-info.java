/** Transcription by a server, with the module {@code speech}. */
@NullMarked
package io.adapt4j.serve.speech;

import org.jspecify.annotations.NullMarked;
