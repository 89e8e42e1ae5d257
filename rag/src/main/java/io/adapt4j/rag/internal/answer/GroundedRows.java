package io.adapt4j.rag.internal.answer;

import io.adapt4j.core.chat.ChatMessage;
import io.adapt4j.rag.answer.AnswerOptions;
import io.adapt4j.rag.answer.Quote;
import io.adapt4j.rag.answer.TokenBudget;
import io.adapt4j.rag.retrieve.Passage;
import java.text.BreakIterator;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Conversations to train on: the prompt of an {@link Answerer}, and an answer in the form that it
 * asks for and checks.
 */
public final class GroundedRows {

  /** A sentence without the punctuation that ends it, and that punctuation. */
  private static final Pattern SENTENCE = Pattern.compile("(?s)(.*?)([.!?\u2026]*)(\\s*)");

  /** A word before a period that is too short to tell a sentence's end from an abbreviation. */
  private static final Pattern ABBREVIATION = Pattern.compile("(?s).*\\b\\p{L}{1,3}\\.\\s*");

  private static final Pattern SPACE = Pattern.compile("\\s+");
  private static final int LEAST_QUOTED_WORDS = 3;

  private final PromptWriter prompts;
  private final AnswerOptions options;

  /**
   * Conversation with its sources; {@code cited} is the number of the one that the answer cites, 0
   * for a refusal.
   */
  public record Grounded(List<ChatMessage> messages, List<Passage> sources, int cited) {}

  /** Creates the rows of a generator's budget and options. */
  public GroundedRows(TokenBudget budget, AnswerOptions options) {
    this.prompts = new PromptWriter(budget, options);
    this.options = options;
  }

  /**
   * Returns the conversation whose answer cites a passage. Passages that leave no room for all of
   * it are dropped, the last first; empty if it has no room even alone.
   */
  public Optional<Grounded> answered(
      String question, List<Passage> passages, Passage gold, String answer) {
    List<Passage> shown = new ArrayList<>(passages);
    while (true) {
      Optional<Prompt> prompt = prompt(question, shown);
      Optional<Source> source =
          prompt.stream()
              .flatMap(made -> made.sources().stream())
              .filter(found -> found.passage().equals(gold))
              .findFirst();
      if (source.isPresent()) {
        String text = cited(answer.strip(), source.get());
        return Optional.of(grounded(prompt.get(), text, source.get().number()));
      }
      if (shown.size() == 1) {
        return Optional.empty();
      }
      int last = shown.size() - 1;
      shown.remove(shown.get(last).equals(gold) ? last - 1 : last);
    }
  }

  /** Returns the conversation whose answer says that the sources have none, if they have room. */
  public Optional<Grounded> refused(String question, List<Passage> passages) {
    return prompt(question, passages).map(made -> grounded(made, options.notFound(), 0));
  }

  /**
   * Returns whether an answer passes an {@link Answerer}'s checks: it cites the source and no other
   * number, quotes verbatim, and does not refuse.
   */
  public boolean isSound(Grounded row) {
    String text =
        (String) Objects.requireNonNull(row.messages().get(row.messages().size() - 1).content());
    List<Source> sources = new ArrayList<>();
    row.sources().forEach(passage -> sources.add(new Source(sources.size() + 1, passage)));
    Set<Integer> numbers = CitationParser.numbers(text);
    if (row.cited() == 0) {
      return numbers.isEmpty();
    }
    return numbers.equals(Set.of(row.cited()))
        && !Answerer.letters(text).contains(Answerer.letters(options.notFound()))
        && QuoteChecker.check(text, sources).stream().allMatch(Quote::verbatim);
  }

  private Optional<Prompt> prompt(String question, List<Passage> passages) {
    try {
      return Optional.of(prompts.write(question, passages));
    } catch (IllegalArgumentException e) {
      return Optional.empty();
    }
  }

  private static Grounded grounded(Prompt prompt, String answer, int cited) {
    List<ChatMessage> messages = new ArrayList<>(prompt.messages());
    messages.add(ChatMessage.assistant(answer));
    return new Grounded(
        List.copyOf(messages), prompt.sources().stream().map(Source::passage).toList(), cited);
  }

  /** Adds the source's number to every sentence, and quotation marks to what it says verbatim. */
  private static String cited(String answer, Source source) {
    StringBuilder text = new StringBuilder();
    for (String sentence : sentences(answer)) {
      Matcher matcher = SENTENCE.matcher(sentence);
      boolean whole = matcher.matches();
      String said = whole ? matcher.group(1) : sentence;
      if (said.isBlank()) {
        text.append(sentence);
        continue;
      }
      text.append(isQuotation(said, source) ? '"' + said + '"' : said)
          .append(" [" + source.number() + "]");
      if (whole) {
        text.append(matcher.group(2)).append(matcher.group(3));
      }
    }
    return text.toString();
  }

  private static boolean isQuotation(String said, Source source) {
    return SPACE.split(said, -1).length >= LEAST_QUOTED_WORDS
        && said.chars()
            .noneMatch(character -> "\"\u201c\u201d\u201e\u00ab\u00bb".indexOf(character) >= 0)
        && QuoteChecker.check('"' + said + '"', List.of(source)).stream().allMatch(Quote::verbatim);
  }

  private static List<String> sentences(String text) {
    BreakIterator breaks = BreakIterator.getSentenceInstance(Locale.ROOT);
    breaks.setText(text);
    List<String> sentences = new ArrayList<>();
    int start = 0;
    for (int end = breaks.next(); end != BreakIterator.DONE; end = breaks.next()) {
      String sentence = text.substring(start, end);
      if (end == text.length() || !ABBREVIATION.matcher(sentence).matches()) {
        sentences.add(sentence);
        start = end;
      }
    }
    return sentences;
  }
}
