package io.adapt4j.rag.internal.answer;

import io.adapt4j.core.chat.ChatMessage;
import java.util.List;

/** Prompt for a generator. */
record Prompt(List<ChatMessage> messages, List<Source> sources, int tokens) {}
