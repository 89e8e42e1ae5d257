/** The endpoint of conversations, with tools and response formats. */
@NullMarked
package io.adapt4j.serve.internal.chat;

import org.jspecify.annotations.NullMarked;
