package io.adapt4j.core.data;

import io.adapt4j.core.chat.ChatMessage;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** A row of training data. Texts to train on are never empty. */
public sealed interface Example
    permits Example.Text,
        Example.PromptCompletion,
        Example.Chat,
        Example.ChatPrompt,
        Example.Classified,
        Example.Tagged,
        Example.QueryPassage,
        Example.Recording,
        Example.Preference,
        Example.ChatPreference,
        Example.UnpairedPreference,
        Example.ChatUnpairedPreference {

  /**
   * A plain text, every token of which is trained on.
   *
   * @param text the text, not empty
   */
  record Text(String text) implements Example {

    /** Creates an example. Throws {@link IllegalArgumentException} if it is empty. */
    public Text {
      requireContent("text", text);
    }
  }

  /**
   * A prompt with its completion, of which only the completion is trained on. The two are
   * concatenated as they are, so a space between them must be part of one of them.
   *
   * @param prompt the prompt; may be empty
   * @param completion the text to train on, not empty
   */
  record PromptCompletion(String prompt, String completion) implements Example {

    /** Creates an example. Throws {@link IllegalArgumentException} if the completion is empty. */
    public PromptCompletion {
      if (prompt == null) {
        throw new IllegalArgumentException("prompt must not be null; use an empty text");
      }
      requireContent("completion", completion);
    }
  }

  /**
   * A conversation, of which the assistant's messages are trained on.
   *
   * @param messages the conversation, with at least one assistant message
   * @param tools JSON schemas of tools that the assistant may call; may be empty
   */
  record Chat(List<ChatMessage> messages, List<Map<String, Object>> tools) implements Example {

    private static final String ASSISTANT = "assistant";

    /** Returns whether a message is the assistant's. */
    static boolean isOfAssistant(ChatMessage message) {
      return message.role().equals(ASSISTANT);
    }

    /**
     * Creates an example. Throws {@link IllegalArgumentException} if no message is the assistant's.
     */
    public Chat {
      messages = List.copyOf(messages);
      tools = List.copyOf(tools);
      if (messages.stream().noneMatch(Chat::isOfAssistant)) {
        throw new IllegalArgumentException(
            "a conversation needs a message of the assistant to learn, found roles "
                + messages.stream().map(ChatMessage::role).toList());
      }
    }

    /**
     * Creates an example without tools.
     *
     * @param messages the conversation
     */
    public Chat(List<ChatMessage> messages) {
      this(messages, List.of());
    }
  }

  /**
   * A conversation without the final answer, for reinforcement learning and for collecting
   * preferences.
   *
   * @param messages the conversation, at least one message, the last not the assistant's
   * @param tools JSON schemas of tools that the assistant may call; may be empty
   */
  record ChatPrompt(List<ChatMessage> messages, List<Map<String, Object>> tools)
      implements Example {

    /**
     * Creates an example. Throws {@link IllegalArgumentException} if there is no message, or the
     * last is the assistant's.
     */
    public ChatPrompt {
      messages = List.copyOf(messages);
      tools = List.copyOf(tools);
      if (messages.isEmpty() || Chat.isOfAssistant(messages.get(messages.size() - 1))) {
        throw new IllegalArgumentException(
            "a prompt needs a last message that the assistant can answer, found roles "
                + messages.stream().map(ChatMessage::role).toList());
      }
    }

    /**
     * Creates an example without tools.
     *
     * @param messages the conversation
     */
    public ChatPrompt(List<ChatMessage> messages) {
      this(messages, List.of());
    }
  }

  /**
   * A text, or a pair of texts, with its classes or a number, for classification and regression.
   *
   * @param text the text, not empty
   * @param pair the second text of a pair, not empty
   * @param labels distinct class names: one, or any number for multi-label classification; the
   *     number as a string for regression
   */
  record Classified(String text, Optional<String> pair, List<String> labels) implements Example {

    /**
     * Creates an example. Throws {@link IllegalArgumentException} if a text or a label is empty, or
     * a label occurs twice.
     */
    public Classified {
      requireContent("text", text);
      pair.ifPresent(second -> requireContent("the second text", second));
      labels = List.copyOf(labels);
      labels.forEach(label -> requireContent("label", label));
      if (labels.stream().distinct().count() < labels.size()) {
        throw new IllegalArgumentException("labels must differ, found " + labels);
      }
    }

    /**
     * Creates an example of a single text.
     *
     * @param text the text
     * @param labels names of the classes, copied
     */
    public Classified(String text, List<String> labels) {
      this(text, Optional.empty(), labels);
    }

    /**
     * Creates an example of one class.
     *
     * @param label the name of its class
     */
    public Classified(String text, String label) {
      this(text, List.of(label));
    }
  }

  /**
   * The words of a text with their classes, as in CoNLL files, for token classification.
   *
   * @param tokens the words, at least one, none empty
   * @param tags the name of each word's class
   */
  record Tagged(List<String> tokens, List<String> tags) implements Example {

    /**
     * Creates an example. Throws {@link IllegalArgumentException} if there is no word, one is
     * empty, or the number of tags differs.
     */
    public Tagged {
      tokens = List.copyOf(tokens);
      tags = List.copyOf(tags);
      if (tokens.isEmpty() || tags.size() != tokens.size()) {
        throw new IllegalArgumentException(
            "expected at least one word and as many tags, found %s words and %s tags"
                .formatted(tokens.size(), tags.size()));
      }
      tokens.forEach(token -> requireContent("word", token));
      tags.forEach(tag -> requireContent("tag", tag));
    }
  }

  /**
   * A query with a passage that answers it and optional hard negatives, for embedding models and
   * rerankers.
   *
   * @param query the query, not empty
   * @param passage the passage that answers the query, not empty
   * @param negatives similar passages that do not answer the query; may be empty
   */
  record QueryPassage(String query, String passage, List<String> negatives) implements Example {

    /**
     * Creates an example. Throws {@link IllegalArgumentException} if a text is empty, or the
     * passage is among the negatives.
     */
    public QueryPassage {
      requireContent("query", query);
      requireContent("passage", passage);
      negatives = List.copyOf(negatives);
      negatives.forEach(negative -> requireContent("negative", negative));
      if (negatives.contains(passage)) {
        throw new IllegalArgumentException(
            "the negatives must differ from the passage, found it among them");
      }
    }

    /**
     * Creates an example without hard negatives.
     *
     * @param query the query
     * @param passage the passage that answers the query
     */
    public QueryPassage(String query, String passage) {
      this(query, passage, List.of());
    }
  }

  /**
   * A recording with its transcript, for training speech recognition.
   *
   * @param audio path of the file, or a data URL
   * @param text transcript or translation; not empty
   */
  record Recording(String audio, String text) implements Example {

    /** Creates an example. Throws {@link IllegalArgumentException} if one is empty. */
    public Recording {
      requireContent("audio", audio);
      requireContent("text", text);
    }
  }

  /**
   * A prompt with a chosen and a rejected completion, for preference optimization.
   *
   * @param prompt the prompt; may be empty
   * @param chosen the preferred completion, not empty
   * @param rejected the rejected completion, not empty
   */
  record Preference(String prompt, String chosen, String rejected) implements Example {

    /** Creates an example. Throws {@link IllegalArgumentException} if a completion is empty. */
    public Preference {
      if (prompt == null) {
        throw new IllegalArgumentException("prompt must not be null; use an empty text");
      }
      requireContent("chosen", chosen);
      requireContent("rejected", rejected);
    }
  }

  /**
   * A conversation with a chosen and a rejected continuation, for preference optimization.
   *
   * @param prompt the prompt; may be empty
   * @param chosen the preferred continuation, at least one message
   * @param rejected the rejected continuation, at least one message
   */
  record ChatPreference(
      List<ChatMessage> prompt, List<ChatMessage> chosen, List<ChatMessage> rejected)
      implements Example {

    /**
     * Creates an example. Throws {@link IllegalArgumentException} if a continuation has no message.
     */
    public ChatPreference {
      prompt = List.copyOf(prompt);
      chosen = List.copyOf(chosen);
      rejected = List.copyOf(rejected);
      if (chosen.isEmpty() || rejected.isEmpty()) {
        throw new IllegalArgumentException(
            "chosen and rejected need at least one message each, found %s and %s"
                .formatted(chosen.size(), rejected.size()));
      }
    }
  }

  /**
   * A prompt with a completion labeled desirable or undesirable, for KTO.
   *
   * @param prompt the prompt; may be empty
   * @param completion the completion, not empty
   * @param desirable whether the completion is desirable
   */
  record UnpairedPreference(String prompt, String completion, boolean desirable)
      implements Example {

    /** Creates an example. Throws {@link IllegalArgumentException} if the completion is empty. */
    public UnpairedPreference {
      if (prompt == null) {
        throw new IllegalArgumentException("prompt must not be null; use an empty text");
      }
      requireContent("completion", completion);
    }
  }

  /**
   * A conversation with a continuation labeled desirable or undesirable, for KTO.
   *
   * @param prompt the prompt; may be empty
   * @param completion the continuation, at least one message
   * @param desirable whether the continuation is desirable
   */
  record ChatUnpairedPreference(
      List<ChatMessage> prompt, List<ChatMessage> completion, boolean desirable)
      implements Example {

    /**
     * Creates an example. Throws {@link IllegalArgumentException} if the continuation has no
     * message.
     */
    public ChatUnpairedPreference {
      prompt = List.copyOf(prompt);
      completion = List.copyOf(completion);
      if (completion.isEmpty()) {
        throw new IllegalArgumentException("completion needs at least one message, found none");
      }
    }
  }

  private static void requireContent(String name, String value) {
    if (value == null || value.isEmpty()) {
      throw new IllegalArgumentException(
          name + " must not be empty, found " + (value == null ? "null" : "an empty text"));
    }
  }
}
