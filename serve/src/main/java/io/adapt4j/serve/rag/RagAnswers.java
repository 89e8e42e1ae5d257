package io.adapt4j.serve.rag;

import io.adapt4j.core.chat.ChatMessage;
import io.adapt4j.core.generate.CancellationToken;
import io.adapt4j.rag.Rag;
import io.adapt4j.rag.answer.Answer;
import io.adapt4j.rag.answer.Citation;
import io.adapt4j.rag.answer.Quote;
import io.adapt4j.serve.GroundedAnswer;
import io.adapt4j.serve.QuestionAnswering;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.function.Consumer;

/**
 * Answers questions with a {@link Rag} of the module {@code rag}, which the application adds to its
 * class path.
 */
public final class RagAnswers implements QuestionAnswering.Searchable {

  private final Rag rag;

  /**
   * Creates question answering with RAG.
   *
   * @param rag retrieves and answers, open for as long as the server
   */
  public RagAnswers(Rag rag) {
    this.rag = Objects.requireNonNull(rag, "rag");
  }

  @Override
  public GroundedAnswer answer(
      List<ChatMessage> conversation, Consumer<String> onText, CancellationToken cancellation) {
    Answer answer = rag.askStreaming(conversation, Optional.empty(), onText, cancellation);
    return new GroundedAnswer(
        answer.text(),
        answer.answerable(),
        answer.checked(),
        answer.citations().stream().map(source -> citation(source, answer.quotes())).toList(),
        answer.unknownCitations(),
        answer.trace().usage());
  }

  @Override
  public List<QuestionAnswering.Passage> search(String question) {
    return rag.search(question).passages().stream()
        .map(
            passage ->
                new QuestionAnswering.Passage(
                    passage.documentId(),
                    passage.title(),
                    passage.span().start(),
                    passage.span().end(),
                    passage.text(),
                    passage.score()))
        .toList();
  }

  private static GroundedAnswer.Citation citation(Citation source, List<Quote> quotes) {
    return new GroundedAnswer.Citation(
        source.number(),
        source.documentId(),
        source.title(),
        source.span().start(),
        source.span().end(),
        source.text(),
        source.score(),
        source.verified(),
        quotesOf(source, quotes));
  }

  private static List<GroundedAnswer.Quote> quotesOf(Citation source, List<Quote> quotes) {
    List<GroundedAnswer.Quote> found = new ArrayList<>();
    for (Quote quote : quotes) {
      quote
          .place()
          .filter(place -> place.number() == source.number())
          .map(
              place ->
                  new GroundedAnswer.Quote(
                      place.span().start() - source.span().start(),
                      place.span().end() - source.span().start()))
          .ifPresent(found::add);
    }
    return found;
  }
}
