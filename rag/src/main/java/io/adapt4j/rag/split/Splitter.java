package io.adapt4j.rag.split;

import io.adapt4j.rag.document.Chunk;
import io.adapt4j.rag.document.Document;
import io.adapt4j.rag.document.Span;
import io.adapt4j.rag.internal.document.Structure;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;

/**
 * Splits documents into chunks.
 *
 * <p>A chunk is as long as the limit allows and ends at the best break: always before a heading;
 * else between paragraphs, list items, sentences, lines or words; within a word only if the word
 * alone is too long, and never within a user-perceived character. A block that fits in a chunk,
 * such as a table or a code block, is not split to fill the chunk before it. The structure of a
 * document is given by its field {@link Document#STRUCTURE}, else by the extension of its id.
 *
 * <p>Each chunk is an exact span of its document's text. Together they cover all non-blank
 * characters except Markdown's front matter. Splitting is deterministic.
 *
 * <p>Immutable, and thread-safe if its counter is.
 */
public final class Splitter {

  /** Default limit of tokens per chunk, which suits small embedding models. */
  public static final int DEFAULT_MAX_TOKENS = 256;

  /** Divisor of the chunk size for the default overlap. */
  private static final int DEFAULT_OVERLAP_PART = 8;

  private static final int LEAST_TOKENS = 16;

  /** Divisor of the chunk size beyond which a word is split. */
  private static final int LARGEST_WORD_PART = 8;

  private final PieceCounts counts;
  private final int maxTokens;
  private final int overlap;
  private final int parentTokens;

  private Splitter(Builder builder) {
    counts = new PieceCounts(builder.counter);
    maxTokens = builder.maxTokens;
    overlap = builder.overlap < 0 ? maxTokens / DEFAULT_OVERLAP_PART : builder.overlap;
    parentTokens = builder.parentTokens;
  }

  /**
   * Creates a builder with the defaults: chunks of {@value #DEFAULT_MAX_TOKENS} tokens with an
   * overlap of one eighth, no parents, and tokens counted by {@link TokenCounter#words}.
   *
   * @return a builder
   */
  public static Builder builder() {
    return new Builder();
  }

  /**
   * Creates a splitter with all defaults.
   *
   * @return a splitter
   */
  public static Splitter standard() {
    return builder().build();
  }

  /**
   * Splits a document.
   *
   * @param document the document
   * @return its chunks in text order; none if it is blank
   */
  public List<Chunk> split(Document document) {
    Structure structure = Structure.of(document.metadata().get(Document.STRUCTURE), document.id());
    Breaks breaks = breaks(structure, document.text());
    Pieces pieces = PieceCutter.cut(document.text(), breaks, counts, maxTokens / LARGEST_WORD_PART);
    HeadingLines headings = new HeadingLines(new Headings(breaks.headings()), counts, maxTokens);
    boolean wholeLines = structure == Structure.CODE;
    Packer small =
        new Packer(
            document.text(),
            pieces,
            headings,
            counts,
            new Limits(maxTokens, overlap, Strength.SECTION, true),
            wholeLines);
    Packer large =
        new Packer(
            document.text(),
            pieces,
            headings,
            counts,
            new Limits(parentTokens, 0, Strength.STRONGEST + 1, false),
            wholeLines);
    return parentTokens == 0
        ? chunks(document, small.pack(0, pieces.size()))
        : chunksInParents(document, large.pack(0, pieces.size()), small);
  }

  private static Breaks breaks(Structure structure, String text) {
    return switch (structure) {
      case MARKDOWN -> MarkdownText.breaks(text);
      case CODE -> SourceCode.breaks(text);
      case TEXT -> PlainText.breaks(text);
    };
  }

  private static List<Chunk> chunks(Document document, List<Packer.Stretch> stretches) {
    List<Chunk> chunks = new ArrayList<>(stretches.size());
    stretches.forEach(
        stretch -> chunks.add(chunk(document, chunks.size(), stretch, span(stretch))));
    return chunks;
  }

  private static List<Chunk> chunksInParents(
      Document document, List<Packer.Stretch> parents, Packer small) {
    List<Chunk> chunks = new ArrayList<>();
    for (Packer.Stretch parent : parents) {
      small
          .pack(parent.from(), parent.to())
          .forEach(stretch -> chunks.add(chunk(document, chunks.size(), stretch, span(parent))));
    }
    return chunks;
  }

  private static Chunk chunk(Document document, int number, Packer.Stretch stretch, Span parent) {
    Span span = span(stretch);
    return new Chunk(
        document.id(), number, span, parent, stretch.heading(), span.of(document.text()));
  }

  private static Span span(Packer.Stretch stretch) {
    return new Span(stretch.start(), stretch.end());
  }

  /** Builder of a splitter. */
  public static final class Builder {

    private TokenCounter counter = TokenCounter.words();
    private int maxTokens = DEFAULT_MAX_TOKENS;
    private int overlap = -1;
    private int parentTokens;

    private Builder() {}

    /**
     * Sets the token counter.
     *
     * @param tokenCounter ideally that of the embedding model; {@link TokenCounter#words} by
     *     default
     */
    public Builder counter(TokenCounter tokenCounter) {
      counter = Objects.requireNonNull(tokenCounter, "tokenCounter");
      return this;
    }

    /**
     * Sets the maximum number of tokens of a chunk's {@link Chunk#searchText}, including headings
     * and special tokens.
     *
     * @param tokens at least 16; {@value Splitter#DEFAULT_MAX_TOKENS} by default
     * @throws IllegalArgumentException if there are fewer
     */
    public Builder maxTokens(int tokens) {
      if (tokens < LEAST_TOKENS) {
        throw new IllegalArgumentException(
            "maxTokens: expected at least " + LEAST_TOKENS + ", found " + tokens);
      }
      maxTokens = tokens;
      return this;
    }

    /**
     * Sets the overlap: each chunk repeats the end of the previous one, starting at a sentence if
     * one fits. Chunks do not overlap across headings or parents, nor if a block would be split for
     * it.
     *
     * @param tokens maximum number of repeated tokens, from 0 to half of a chunk; an eighth of a
     *     chunk by default
     * @throws IllegalArgumentException if they are negative
     */
    public Builder overlap(int tokens) {
      if (tokens < 0) {
        throw new IllegalArgumentException("overlap: expected 0 or more, found " + tokens);
      }
      overlap = tokens;
      return this;
    }

    /**
     * Gives each chunk a larger parent span to read if it is found ("small to search, large to
     * read"). Chunks do not extend beyond their parents.
     *
     * @param tokens maximum number of tokens of a parent, at least that of a chunk
     * @throws IllegalArgumentException if they are not positive
     */
    public Builder parentTokens(int tokens) {
      if (tokens < 1) {
        throw new IllegalArgumentException("parentTokens: expected 1 or more, found " + tokens);
      }
      parentTokens = tokens;
      return this;
    }

    /**
     * Builds the splitter.
     *
     * @return a splitter
     * @throws IllegalArgumentException if the overlap is more than half of a chunk, a parent is
     *     smaller than a chunk, or the counter's special tokens take more than a quarter of it
     */
    public Splitter build() {
      if (2 * (long) overlap > maxTokens) {
        throw new IllegalArgumentException(
            "overlap: expected at most half of maxTokens (" + maxTokens + "), found " + overlap);
      }
      if (parentTokens != 0 && parentTokens < maxTokens) {
        throw new IllegalArgumentException(
            "parentTokens: expected at least maxTokens (" + maxTokens + "), found " + parentTokens);
      }
      int added = counter.count("");
      if (4 * (long) added > maxTokens) {
        throw new IllegalArgumentException(
            "maxTokens: expected at least four times the "
                + added
                + " tokens that are added to every text, found "
                + maxTokens);
      }
      return new Splitter(this);
    }
  }
}
