package io.adapt4j.rag.internal.answer;

import io.adapt4j.core.chat.ChatMessage;
import java.util.List;

/**
 * What a generator is asked.
 *
 * @param messages the conversation
 * @param sources the passages in it, as far as they found room
 * @param tokens those of the messages' texts
 */
record Prompt(List<ChatMessage> messages, List<Source> sources, int tokens) {}
