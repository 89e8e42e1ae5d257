package io.adapt4j.serve;

import io.adapt4j.core.chat.ChatMessage;
import io.adapt4j.core.generate.CancellationToken;
import java.util.List;
import java.util.function.Consumer;

/**
 * Answers questions from documents. {@link io.adapt4j.serve.rag.RagAnswers} implements it with the
 * module {@code rag}, if that is on the class path. Called by several threads.
 */
@FunctionalInterface
public interface QuestionAnswering {

  /**
   * Answers the last message of a conversation.
   *
   * @param conversation messages of the roles user and assistant, the last one the user's
   * @param onText receives the text as it is produced, on this thread
   * @param cancellation cancels the answer
   * @return the answer
   * @throws IllegalArgumentException if the conversation cannot be answered
   */
  GroundedAnswer answer(
      List<ChatMessage> conversation, Consumer<String> onText, CancellationToken cancellation);

  /** Question answering whose documents clients of {@code /mcp} can also search. */
  interface Searchable extends QuestionAnswering {

    /**
     * Finds passages without answering.
     *
     * @param question the question
     * @return the passages, best first
     * @throws IllegalArgumentException if the question is blank
     */
    List<Passage> search(String question);
  }

  /**
   * A passage found for a question.
   *
   * @param documentId the document's id
   * @param title the document's title; may be empty
   * @param start start of the passage in the document, in UTF-16 units
   * @param end its end
   * @param text the characters between
   * @param score its relevance to the question; higher is better
   */
  record Passage(String documentId, String title, int start, int end, String text, double score) {}
}
