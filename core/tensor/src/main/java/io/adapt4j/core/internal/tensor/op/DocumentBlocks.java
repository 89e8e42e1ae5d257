package io.adapt4j.core.internal.tensor.op;

import io.adapt4j.core.internal.tensor.Tensor;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;

/**
 * Positions of the documents in a packed batch, for attention within each document. The creator
 * closes it.
 *
 * <p>Documents of similar lengths form a block, padded on the right to the longest of them; the
 * causal rule hides the padding. So the cost of attention grows with the squares of the documents'
 * lengths, not of the rows'.
 *
 * @param gather for each block the batch positions of its tokens, I64 [documents, longest]
 * @param real for each block the indices that are not padding, I64 [tokens]
 * @param place the batch positions of those, I64 [tokens]
 */
public record DocumentBlocks(List<Tensor> gather, List<Tensor> real, List<Tensor> place)
    implements AutoCloseable {

  /** A block takes documents whose length is at least the longest divided by this. */
  private static final double SPREAD = 1.25;

  /** Padding that costs less than another block, in tokens per document. */
  private static final int SLACK = 16;

  private record Document(int start, int length) {}

  /** Groups the documents of a batch. */
  public static DocumentBlocks of(int[][] documents, int length) {
    List<Document> all = documents(documents, length);
    all.sort(Comparator.comparingInt(Document::length).reversed());
    DocumentBlocks blocks =
        new DocumentBlocks(new ArrayList<>(), new ArrayList<>(), new ArrayList<>());
    int from = 0;
    for (int i = 1; i <= all.size(); i++) {
      if (i == all.size() || all.get(i).length() * SPREAD + SLACK < all.get(from).length()) {
        blocks.add(all.subList(from, i));
        from = i;
      }
    }
    return blocks;
  }

  /** {@return the length of the longest document} */
  public long longest() {
    return gather.stream().mapToLong(block -> block.size(1)).max().orElse(0);
  }

  /** Validates the documents of a batch. */
  public static void check(int[][] documents, int length) {
    documents(documents, length);
  }

  private static List<Document> documents(int[][] documents, int length) {
    List<Document> all = new ArrayList<>();
    for (int row = 0; row < documents.length; row++) {
      int at = 0;
      for (int tokens : documents[row]) {
        if (tokens < 1 || tokens > length - at) {
          throw new IllegalArgumentException(
              "documents of row "
                  + row
                  + ": expected lengths of at least 1 that together fit "
                  + length
                  + " tokens, found one of "
                  + tokens
                  + " after "
                  + at);
        }
        all.add(new Document(row * length + at, tokens));
        at += tokens;
      }
    }
    return all;
  }

  private void add(List<Document> block) {
    int longest = block.get(0).length();
    int tokens = block.stream().mapToInt(Document::length).sum();
    long[] from = new long[block.size() * longest];
    long[] kept = new long[tokens];
    long[] to = new long[tokens];
    int count = 0;
    for (int i = 0; i < block.size(); i++) {
      Document document = block.get(i);
      for (int t = 0; t < longest; t++) {
        int at = i * longest + t;
        from[at] = document.start() + (long) Math.min(t, document.length() - 1);
        if (t < document.length()) {
          kept[count] = at;
          to[count++] = from[at];
        }
      }
    }
    gather.add(Tensor.of(from, block.size(), longest).own());
    real.add(Tensor.of(kept, tokens).own());
    place.add(Tensor.of(to, tokens).own());
  }

  @Override
  public void close() {
    gather.forEach(Tensor::close);
    real.forEach(Tensor::close);
    place.forEach(Tensor::close);
  }
}
