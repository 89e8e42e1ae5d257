package io.adapt4j.rag.split;

import io.adapt4j.rag.document.Chunk;
import io.adapt4j.rag.document.Document;
import io.adapt4j.rag.document.Span;
import io.adapt4j.rag.internal.document.Structure;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;

/**
 * Cuts documents into chunks.
 *
 * <p>A chunk is as long as the limit allows, and ends where its document is cut best: before a
 * heading, always; else between paragraphs, items of a list, sentences, lines, words; within a word
 * only where the word alone is too long, and never within what a reader sees as one character. A
 * block that fits in a chunk, such as a table or a code block, is not cut for filling the chunk
 * before it. How a document is built is told by its field {@link Document#STRUCTURE}, else by the
 * extension of its id.
 *
 * <p>Each chunk is an exact stretch of its document's text. Together they hold every character that
 * is not blank, except the front matter of Markdown. The same document gives the same chunks.
 *
 * <p>Immutable; any number of threads may use one if its counter allows it.
 */
public final class Splitter {

  /** Tokens of a chunk where none are given: what small embedding models read. */
  public static final int DEFAULT_MAX_TOKENS = 256;

  /** The part of a chunk that the next one repeats where none is given: an eighth. */
  private static final int DEFAULT_OVERLAP_PART = 8;

  private static final int LEAST_TOKENS = 16;

  /** A word that takes more than this part of a chunk is cut within. */
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
   * Begins with the defaults: chunks of {@value #DEFAULT_MAX_TOKENS} tokens that repeat an eighth
   * of the one before, no parents, tokens counted as {@link TokenCounter#words} does.
   *
   * @return a builder
   */
  public static Builder builder() {
    return new Builder();
  }

  /**
   * Makes a splitter with all defaults.
   *
   * @return a splitter
   */
  public static Splitter standard() {
    return builder().build();
  }

  /**
   * Cuts a document.
   *
   * @param document the document
   * @return its chunks in the order of the text; none if it is blank
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

  /** Options of a splitter. */
  public static final class Builder {

    private TokenCounter counter = TokenCounter.words();
    private int maxTokens = DEFAULT_MAX_TOKENS;
    private int overlap = -1;
    private int parentTokens;

    private Builder() {}

    /**
     * States how tokens are counted.
     *
     * @param tokenCounter best the one of the embedding model; {@link TokenCounter#words} where
     *     none is given
     * @return this
     */
    public Builder counter(TokenCounter tokenCounter) {
      counter = Objects.requireNonNull(tokenCounter, "tokenCounter");
      return this;
    }

    /**
     * Limits the tokens of a chunk, those of the headings above it and those a model adds to every
     * text included: what {@link Chunk#searchText} has.
     *
     * @param tokens 16 or more; {@value Splitter#DEFAULT_MAX_TOKENS} where none is given
     * @return this
     * @throws IllegalArgumentException if they are fewer
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
     * Lets each chunk repeat the end of the one before, from the beginning of a sentence where one
     * fits. Not across headings or parents, nor where a block would be cut for it.
     *
     * @param tokens the most tokens to repeat, from 0 to half of a chunk; an eighth of a chunk
     *     where none is given
     * @return this
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
     * Gives each chunk a larger stretch to read where it is found ("small to search, large to
     * read"). No chunk reaches beyond its parent.
     *
     * @param tokens the most tokens of a parent, at least those of a chunk
     * @return this
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
     * Makes the splitter.
     *
     * @return a splitter
     * @throws IllegalArgumentException if the overlap is more than half of a chunk, a parent is
     *     smaller than a chunk, or the tokens that the counter adds to every text take more than a
     *     quarter of it
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
