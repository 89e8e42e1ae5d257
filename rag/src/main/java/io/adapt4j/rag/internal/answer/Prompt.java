package io.adapt4j.rag.internal.answer;

import io.adapt4j.core.chat.ChatMessage;
import java.util.List;

/** What a generator is asked. */
record Prompt(List<ChatMessage> messages, List<Source> sources, int tokens) {}
