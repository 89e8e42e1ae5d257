package io.adapt4j.spring.ai;

import org.springframework.ai.chat.model.ChatModel;
import org.springframework.ai.chat.prompt.ChatOptions;

/** Provides default options in the form of this version of Spring AI. */
abstract class OptionsOfChatModel implements ChatModel {

  private final Adapt4jChatOptions options;

  OptionsOfChatModel(Adapt4jChatOptions options) {
    this.options = options;
  }

  final Adapt4jChatOptions options() {
    return options;
  }

  @Override
  public ChatOptions getOptions() {
    return options;
  }
}
