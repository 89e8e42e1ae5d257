/** Conversations: rendered by a model's chat template, encoded, and masked for training. */
package io.adapt4j.core.chat;
