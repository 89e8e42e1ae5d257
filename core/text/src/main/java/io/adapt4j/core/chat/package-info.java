/** Conversations: rendered by a model's chat template, encoded, and masked for training. */
@NullMarked
package io.adapt4j.core.chat;

import org.jspecify.annotations.NullMarked;
