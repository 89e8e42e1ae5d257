/** The endpoint of responses, OpenAI's newer format. */
@NullMarked
package io.adapt4j.serve.internal.response;

import org.jspecify.annotations.NullMarked;
