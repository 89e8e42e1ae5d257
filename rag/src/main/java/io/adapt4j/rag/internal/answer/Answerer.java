package io.adapt4j.rag.internal.answer;

import io.adapt4j.core.chat.ChatMessage;
import io.adapt4j.core.generate.CancellationToken;
import io.adapt4j.core.text.GeneratedText;
import io.adapt4j.core.text.TextGenerator;
import io.adapt4j.rag.answer.Answer;
import io.adapt4j.rag.answer.AnswerOptions;
import io.adapt4j.rag.answer.Citation;
import io.adapt4j.rag.answer.TokenBudget;
import io.adapt4j.rag.document.Document;
import io.adapt4j.rag.internal.trace.StageRecorder;
import io.adapt4j.rag.retrieve.Passage;
import io.adapt4j.rag.retrieve.Retrieval;
import io.adapt4j.rag.retrieve.Retriever;
import io.adapt4j.rag.spi.Filter;
import io.adapt4j.rag.spi.SearchIndex;
import io.adapt4j.rag.trace.Stage;
import io.adapt4j.rag.trace.Trace;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.function.Consumer;

/**
 * Answers questions from passages: with a generator in its words, otherwise with the passages
 * themselves. Thread-safe.
 */
public final class Answerer {

  /** Limit of a question's length in characters. */
  private static final int LONGEST_QUESTION = 1 << 15;

  private final SearchIndex index;
  private final Retriever retriever;
  private final Optional<TextGenerator> generator;
  private final AnswerOptions options;
  private final PromptWriter prompts;
  private final Optional<QuestionRewriter> rewriter;

  private Answerer(
      SearchIndex index,
      Retriever retriever,
      Optional<TextGenerator> generator,
      TokenBudget budget,
      AnswerOptions options) {
    this.index = Objects.requireNonNull(index, "index");
    this.retriever = Objects.requireNonNull(retriever, "retriever");
    this.generator = generator;
    this.options = options;
    this.prompts = new PromptWriter(budget, options);
    this.rewriter = generator.map(writer -> new QuestionRewriter(writer, budget));
  }

  public static Answerer of(
      SearchIndex index,
      Retriever retriever,
      TextGenerator generator,
      TokenBudget budget,
      AnswerOptions options) {
    return new Answerer(index, retriever, Optional.of(generator), budget, options);
  }

  /** Creates an answerer that returns the passages. */
  public static Answerer extractive(SearchIndex index, Retriever retriever, AnswerOptions options) {
    TokenBudget unused = TokenBudget.estimated(TokenBudget.DEFAULT_CONTEXT);
    return new Answerer(index, retriever, Optional.empty(), unused, options);
  }

  /**
   * Answers the last message of a conversation. With a generator, a message after others is first
   * rewritten as a standalone question; otherwise it is used unchanged.
   */
  public Answer answer(
      List<ChatMessage> conversation, Optional<Filter> filter, Consumer<String> onText) {
    return answer(conversation, filter, onText, new CancellationToken());
  }

  /** Answers until canceled, otherwise like {@link #answer(List, Optional, Consumer)}. */
  public Answer answer(
      List<ChatMessage> conversation,
      Optional<Filter> filter,
      Consumer<String> onText,
      CancellationToken cancellation) {
    requireQuestion(conversation);
    StageRecorder before = new StageRecorder();
    String question = question(conversation, before);
    Retrieval retrieval = retriever.retrieve(question, filter);
    List<Stage> stages = new ArrayList<>(before.stages());
    stages.addAll(retrieval.stages());
    if (cancellation.isCancelled()) {
      Trace trace = new Trace(question, stages, List.of(), 0, Optional.empty(), false);
      return new Answer("", false, List.of(), List.of(), List.of(), List.of(), trace);
    }
    if (retrieval.passages().isEmpty()) {
      onText.accept(options.notFound());
      Trace trace = new Trace(question, stages, List.of(), 0, Optional.empty(), false);
      return new Answer(
          options.notFound(), false, List.of(), List.of(), List.of(), List.of(), trace);
    }
    return generator.isPresent()
        ? written(generator.get(), retrieval, stages, onText, cancellation)
        : extracted(retrieval, stages, onText, cancellation);
  }

  /** Checks before the first question that the generator's context has room for one. */
  public void requireRoom() {
    if (generator.isPresent()) {
      prompts.requireRoom();
    }
  }

  private static void requireQuestion(List<ChatMessage> conversation) {
    boolean asked =
        !conversation.isEmpty()
            && conversation.get(conversation.size() - 1).role().equals("user")
            && !QuestionRewriter.text(conversation.get(conversation.size() - 1)).isBlank();
    if (!asked) {
      throw new IllegalArgumentException(
          "conversation: expected a text of the role user as the last message, found "
              + (conversation.isEmpty() ? "none" : described(conversation)));
    }
    int characters = QuestionRewriter.text(conversation.get(conversation.size() - 1)).length();
    if (characters > LONGEST_QUESTION) {
      throw new IllegalArgumentException(
          ("question: expected at most %d characters, found %d. Ask shortly, and add long texts to"
                  + " the documents")
              .formatted(LONGEST_QUESTION, characters));
    }
  }

  private static String described(List<ChatMessage> conversation) {
    ChatMessage last = conversation.get(conversation.size() - 1);
    boolean blank = QuestionRewriter.text(last).isBlank();
    return (blank ? "no text of the role " : "a text of the role ") + last.role();
  }

  private String question(List<ChatMessage> conversation, StageRecorder stages) {
    if (conversation.size() > 1 && rewriter.isPresent()) {
      return stages.run("condense", () -> rewriter.get().condense(conversation), text -> text);
    }
    return QuestionRewriter.text(conversation.get(conversation.size() - 1));
  }

  private Answer written(
      TextGenerator writer,
      Retrieval retrieval,
      List<Stage> stages,
      Consumer<String> onText,
      CancellationToken cancellation) {
    StageRecorder recorder = new StageRecorder();
    Prompt prompt =
        recorder.run(
            "prompt",
            () -> prompts.write(retrieval.question(), retrieval.passages()),
            made -> made.sources().size() + " sources, " + made.tokens() + " tokens");
    GeneratedText generated =
        recorder.run(
            "generate",
            () -> writer.stream(prompt.messages(), options.generation(), onText, cancellation),
            made -> cancellation.isCancelled() ? "cancelled" : made.finishReason().toString());
    List<Stage> all = new ArrayList<>(stages);
    String text = generated.text().strip();
    Set<Integer> numbers = CitationParser.numbers(text);
    boolean answerable = !text.isEmpty() && !(numbers.isEmpty() && saysNotFound(text));
    List<Citation> citations =
        recorder.run(
            "check", () -> citations(numbers, prompt.sources()), found -> found.size() + " cited");
    all.addAll(recorder.stages());
    Trace trace =
        new Trace(
            retrieval.question(),
            all,
            prompt.messages(),
            prompt.tokens(),
            generated.usage(),
            answerable);
    int most = prompt.sources().size();
    return new Answer(
        text,
        answerable,
        citations,
        numbers.stream().filter(number -> number < 1 || number > most).toList(),
        QuoteChecker.check(text, prompt.sources()),
        prompt.sources().stream().map(Source::passage).toList(),
        trace);
  }

  private boolean saysNotFound(String text) {
    return letters(text).contains(letters(options.notFound()));
  }

  /** Returns the letters and digits of a text in lower case, with a space between words. */
  static String letters(String text) {
    return text.toLowerCase(Locale.ROOT).replaceAll("[^\\p{L}\\p{N}]+", " ").strip();
  }

  private List<Citation> citations(Set<Integer> numbers, List<Source> sources) {
    return numbers.stream()
        .filter(number -> number >= 1 && number <= sources.size())
        .map(number -> citation(sources.get(number - 1)))
        .toList();
  }

  private Citation citation(Source source) {
    Passage passage = source.passage();
    boolean verified =
        index.document(passage.documentId()).filter(found -> stands(passage, found)).isPresent();
    return new Citation(
        source.number(),
        passage.documentId(),
        passage.title(),
        passage.span(),
        passage.text(),
        passage.score(),
        verified);
  }

  private static boolean stands(Passage passage, Document document) {
    return passage.span().end() <= document.text().length()
        && passage.span().of(document.text()).equals(passage.text());
  }

  private Answer extracted(
      Retrieval retrieval,
      List<Stage> stages,
      Consumer<String> onText,
      CancellationToken cancellation) {
    List<Citation> citations = new ArrayList<>();
    StringBuilder text = new StringBuilder();
    for (Passage passage : retrieval.passages()) {
      if (cancellation.isCancelled()) {
        break;
      }
      Citation citation = citation(new Source(citations.size() + 1, passage));
      String piece =
          (citations.isEmpty() ? "" : "\n\n")
              + "["
              + citation.number()
              + "] "
              + passage.text().strip();
      text.append(piece);
      onText.accept(piece);
      citations.add(citation);
    }
    Trace trace = new Trace(retrieval.question(), stages, List.of(), 0, Optional.empty(), true);
    return new Answer(
        text.toString(), true, citations, List.of(), List.of(), retrieval.passages(), trace);
  }
}
