package io.adapt4j.core.internal.task.distillation;

import io.adapt4j.core.internal.task.distillation.TextGroups.Group;
import io.adapt4j.core.internal.tensor.loss.TokenGroups;
import io.adapt4j.core.internal.tokenize.Batch;
import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.nio.CharBuffer;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.OptionalInt;
import java.util.stream.IntStream;

/**
 * Batches in the tokens of a teacher with another tokenizer, aligned on the text of each row.
 * Special tokens are compared by their role or spelling, the text between them by its bytes.
 *
 * <p>A group has a loss if all its tokens of the student are targets. Without loss are: special
 * tokens that the teacher lacks; the first token of a text if only one tokenizer marks words by the
 * space before them; text after invalid UTF-8, or beyond the teacher's context. The limit is the
 * maximum number of the teacher's tokens in a row.
 */
record AlignedRows(TokenTexts student, TokenTexts teacher, int limit) {

  /** A row in both tokenizations, as far as it has been read. */
  private static final class Row {
    private final int[] ids;
    private final IntStream.Builder teacher = IntStream.builder();
    private final List<Group> groups = new ArrayList<>();
    private int length;

    Row(int[] ids) {
      this.ids = ids;
    }

    void add(int... tokens) {
      Arrays.stream(tokens).forEach(teacher::add);
      length += tokens.length;
    }
  }

  /** Returns a batch with groups, the labels of both sides being the tokens in them. */
  DistillationBatch of(Batch batch) {
    List<Row> rows =
        IntStream.range(0, batch.rows()).mapToObj(row -> read(ids(batch, row))).toList();
    List<int[]> theirs =
        rows.stream().map(row -> Arrays.copyOf(row.teacher.build().toArray(), limit(row))).toList();
    long[] labels = new long[batch.ids().length];
    Arrays.fill(labels, Batch.IGNORED);
    Batch padded = Batch.padded(theirs, teacher.tokenizer().paddingId());
    long[] targets = new long[padded.ids().length];
    Arrays.fill(targets, Batch.IGNORED);
    List<Group> counted = new ArrayList<>();
    List<Float> weights = new ArrayList<>();
    for (int row = 0; row < batch.rows(); row++) {
      int own = row * batch.length();
      int other = row * padded.length();
      for (Group group : rows.get(row).groups) {
        int from = own + group.studentFrom();
        int to = own + group.studentTo();
        if (group.studentFrom() > 0
            && group.teacherFrom() > 0
            && group.teacherTo() <= limit
            && IntStream.range(from, to).allMatch(i -> batch.labels()[i] != Batch.IGNORED)) {
          System.arraycopy(batch.ids(), from, labels, from, to - from);
          int start = other + group.teacherFrom();
          int end = other + group.teacherTo();
          System.arraycopy(padded.ids(), start, targets, start, end - start);
          counted.add(group);
          weights.add(weight(batch, from, to));
        }
      }
    }
    return new DistillationBatch(
        batch.with(batch.typeIds(), labels),
        padded.with(padded.typeIds(), targets),
        groups(counted, weights));
  }

  private int limit(Row row) {
    return Math.min(limit, row.length);
  }

  private static int[] ids(Batch batch, int row) {
    int from = row * batch.length();
    return IntStream.range(from, from + batch.length())
        .filter(i -> batch.attentionMask()[i] == 1)
        .map(i -> Math.toIntExact(batch.ids()[i]))
        .toArray();
  }

  private static float weight(Batch batch, int from, int to) {
    return batch.weights().length == 0
        ? 1
        : (float)
            IntStream.range(from, to).mapToDouble(i -> batch.weights()[i]).average().orElse(1);
  }

  private static TokenGroups groups(List<Group> groups, List<Float> weights) {
    float[] all = new float[weights.size()];
    for (int i = 0; i < all.length; i++) {
      all[i] = weights.get(i);
    }
    return new TokenGroups(
        groups.stream().mapToInt(group -> group.studentTo() - group.studentFrom()).toArray(),
        groups.stream().mapToInt(group -> group.teacherTo() - group.teacherFrom()).toArray(),
        all);
  }

  private Row read(int[] ids) {
    Row row = new Row(ids);
    row.add(teacher.tokenizer().encodePrompt(""));
    OptionalInt bos = student.tokenizer().bosId();
    int at = row.length > 0 && bos.isPresent() && ids[0] == bos.getAsInt() ? 1 : 0;
    while (at < ids.length) {
      int end = at;
      while (end < ids.length && !student.isSpecial(ids[end])) {
        end++;
      }
      if (end > at && !readText(row, at, end)) {
        break;
      }
      if (end < ids.length) {
        readSpecial(row, end);
      }
      at = end + 1;
    }
    return row;
  }

  private void readSpecial(Row row, int at) {
    OptionalInt same = student.special(row.ids[at], teacher.tokenizer());
    if (same.isPresent()) {
      row.groups.add(new Group(at, at + 1, row.length, row.length + 1));
      row.add(same.getAsInt());
    } else {
      String spelling = student.tokenizer().token(row.ids[at]);
      row.add(teacher.tokenizer().encode(spelling, false));
    }
  }

  /** Reads text; returns whether the row can be read on. */
  private boolean readText(Row row, int from, int to) {
    int[] own = Arrays.copyOfRange(row.ids, from, to);
    int[] ends = new int[own.length];
    byte[] bytes = bytes(student, own, ends);
    CharBuffer text = CharBuffer.allocate(bytes.length);
    ByteBuffer read = ByteBuffer.wrap(bytes);
    StandardCharsets.UTF_8.newDecoder().decode(read, text, true);
    int[] theirs = teacher.tokenizer().encode(text.flip().toString(), false);
    int[] theirEnds = new int[theirs.length];
    int differs = Arrays.mismatch(bytes, bytes(teacher, theirs, theirEnds));
    boolean oneLosesSpace =
        theirs.length > 0 && student.losesSpace(own[0]) != teacher.losesSpace(theirs[0]);
    for (Group group : TextGroups.of(ends, theirEnds, differs < 0 ? bytes.length : differs)) {
      if (group.studentFrom() > 0 || !oneLosesSpace) {
        row.groups.add(
            new Group(
                from + group.studentFrom(),
                from + group.studentTo(),
                row.length + group.teacherFrom(),
                row.length + group.teacherTo()));
      }
    }
    row.add(theirs);
    return !read.hasRemaining();
  }

  /** Returns the bytes of a text's tokens, and sets the end of each. */
  private static byte[] bytes(TokenTexts texts, int[] ids, int[] ends) {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    for (int i = 0; i < ids.length; i++) {
      bytes.writeBytes(texts.text(ids[i], i == 0));
      ends[i] = bytes.size();
    }
    return bytes.toByteArray();
  }
}
