package io.adapt4j.core.internal.task.distillation;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.common.io.MoreFiles;
import com.google.common.io.RecursiveDeleteOption;
import io.adapt4j.core.SmallModel;
import io.adapt4j.core.internal.UnpairedSurrogates;
import io.adapt4j.core.internal.nn.TargetRows;
import io.adapt4j.core.internal.tensor.loss.TokenGroups;
import io.adapt4j.core.internal.tokenize.Batch;
import io.adapt4j.core.tokenize.Tokenizer;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.stream.IntStream;
import java.util.stream.LongStream;
import net.jqwik.api.Example;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.NotEmpty;
import net.jqwik.api.lifecycle.AfterContainer;
import net.jqwik.api.lifecycle.BeforeContainer;

/** Rows of a SentencePiece tokenizer in the tokens of a byte-level one, and the reverse. */
class AlignedRowsTest {

  private static Tokenizer pieces;
  private static Tokenizer bytes;

  @BeforeContainer
  static void open() throws IOException {
    Path folder = Files.createTempDirectory("aligned");
    try {
      pieces = Tokenizer.load(SmallModel.write(folder.resolve("pieces")));
      bytes = Tokenizer.load(ByteLevelTokenizer.write(folder.resolve("bytes")));
    } finally {
      MoreFiles.deleteRecursively(folder, RecursiveDeleteOption.ALLOW_INSECURE);
    }
  }

  @AfterContainer
  static void close() {
    pieces.close();
    bytes.close();
  }

  private static TokenTexts texts(Tokenizer tokenizer) {
    return TokenTexts.of(tokenizer, "the test");
  }

  private static DistillationBatch aligned(Tokenizer own, Tokenizer other, Batch batch, int limit) {
    return new AlignedRows(texts(own), texts(other), limit).of(batch);
  }

  private static Batch batch(Tokenizer tokenizer, String... rows) {
    List<int[]> ids =
        Arrays.stream(rows)
            .map(
                text -> {
                  int[] encoded = tokenizer.encode(text, true);
                  int[] ended = Arrays.copyOf(encoded, encoded.length + 1);
                  ended[encoded.length] = tokenizer.eosId().orElseThrow();
                  return ended;
                })
            .toList();
    Batch padded = Batch.padded(ids, 0);
    return padded.with(padded.typeIds(), Batch.matrix(ids, padded.length(), Batch.IGNORED));
  }

  @Property(tries = 200)
  void groupsHoldTheSameBytesInBothTokenizations(@ForAll @NotEmpty String text) {
    for (List<Tokenizer> pair : List.of(List.of(pieces, bytes), List.of(bytes, pieces))) {
      Tokenizer own = pair.get(0);
      Tokenizer other = pair.get(1);
      if (UnpairedSurrogates.indexIn(text) >= 0) {
        return;
      }
      DistillationBatch made = aligned(own, other, batch(own, text, "Once upon a time"), 10_000);
      TokenGroups groups = made.groups();
      long[] mine = targets(made.student());
      long[] theirs = targets(made.teacher());
      assertThat(Arrays.stream(groups.student()).sum()).isEqualTo(mine.length);
      assertThat(Arrays.stream(groups.teacher()).sum()).isEqualTo(theirs.length);
      int m = 0;
      int t = 0;
      for (int group = 0; group < groups.count(); group++) {
        int mTo = m + groups.student()[group];
        int tTo = t + groups.teacher()[group];
        assertThat(bytes(other, Arrays.copyOfRange(theirs, t, tTo)))
            .isEqualTo(bytes(own, Arrays.copyOfRange(mine, m, mTo)));
        m = mTo;
        t = tTo;
      }
    }
  }

  @Property(tries = 200)
  void withOneTokenizerEveryTargetIsAGroup(@ForAll @NotEmpty String text) {
    if (UnpairedSurrogates.indexIn(text) >= 0) {
      return;
    }
    Batch batch = batch(pieces, text);
    DistillationBatch made = aligned(pieces, pieces, batch, 10_000);
    int[] again = pieces.encode(pieces.decode(ids(batch), true), false);
    if (again.length == batch.ids().length - 2) {
      assertThat(made.groups().student()).containsOnly(1).hasSize((int) batch.targetTokens());
      assertThat(made.teacher().ids()).isEqualTo(batch.ids());
      assertThat(made.teacher().labels()[0]).isEqualTo(Batch.IGNORED);
    }
  }

  @Example
  void aTextOfTwoTokenizersHasGroupsOfSeveralTokens() {
    DistillationBatch made =
        aligned(pieces, bytes, batch(pieces, "Once upon a time Lily saw it."), 100);
    assertThat(spelled(pieces, made.student(), made.groups().student()))
        .isEqualTo(spelled(bytes, made.teacher(), made.groups().teacher()))
        .startsWith(" upon", " a", " time", " Lily")
        .endsWith(".", "END");
  }

  @Example
  void promptsAndRowsBeyondTheTeachersContextHaveNoLoss() {
    Batch all = batch(pieces, "Once upon a time Lily saw it.");
    long[] labels = all.labels().clone();
    int upon = 5;
    Arrays.fill(labels, 0, upon, Batch.IGNORED);
    DistillationBatch prompted = aligned(pieces, bytes, all.with(all.typeIds(), labels), 100);
    DistillationBatch whole = aligned(pieces, bytes, all, 100);
    assertThat(prompted.groups().count()).isBetween(1, whole.groups().count() - 1);
    assertThat(IntStream.range(0, upon).mapToLong(i -> prompted.student().labels()[i]).toArray())
        .containsOnly(Batch.IGNORED);
    DistillationBatch cut = aligned(pieces, bytes, all, 9);
    assertThat(cut.teacher().length()).isEqualTo(9);
    assertThat(cut.groups().count()).isBetween(1, whole.groups().count() - 1);
    assertThat(TargetRows.of(cut.teacher()).count())
        .isEqualTo(Arrays.stream(cut.groups().teacher()).sum());
  }

  @Example
  void invalidBytesEndARow() {
    Batch batch = batch(bytes, "Once é upon");
    long[] ids = batch.ids().clone();
    int half = IntStream.range(0, ids.length).filter(i -> ids[i] == 'Ã').findFirst().orElseThrow();
    ids[half + 1] = bytes.id("x").orElseThrow();
    DistillationBatch made =
        aligned(
            bytes,
            pieces,
            new Batch(ids, batch.attentionMask(), batch.labels(), 1, batch.length()),
            100);
    assertThat(LongStream.of(made.student().labels()).skip(half).filter(l -> l != Batch.IGNORED))
        .isEmpty();
  }

  @Example
  void tokensOfTheSameBytesAreMatchedWhateverTheirSpelling() {
    TokenTexts.Pairs pairs = TokenTexts.pairs(texts(pieces), 512, texts(bytes), 512);
    List<String> matched =
        IntStream.range(0, pairs.student().length)
            .filter(i -> pairs.student()[i] < pieces.vocabularySize())
            .filter(i -> pairs.teacher()[i] < bytes.vocabularySize())
            .mapToObj(
                i ->
                    pieces.token((int) pairs.student()[i])
                        + " "
                        + bytes.token((int) pairs.teacher()[i]))
            .toList();
    assertThat(matched)
        .contains("a a", "▁a Ġa", "▁s Ġs", "</s> <|end|>", "<0xC3> Ã")
        .doesNotContain("<0x41> A");
    TokenTexts.Pairs same = TokenTexts.pairs(texts(pieces), 600, texts(pieces), 600);
    assertThat(same.student()).hasSize(600).isEqualTo(same.teacher());
  }

  private static long[] targets(Batch batch) {
    return LongStream.of(batch.labels()).filter(label -> label != Batch.IGNORED).toArray();
  }

  private static int[] ids(Batch batch) {
    return LongStream.of(batch.ids()).mapToInt(Math::toIntExact).toArray();
  }

  private static byte[] bytes(Tokenizer tokenizer, long[] ids) {
    ByteArrayOutputStream all = new ByteArrayOutputStream();
    for (long id : ids) {
      boolean end = id == tokenizer.eosId().orElseThrow();
      all.writeBytes(end ? new byte[] {'E', 'N', 'D'} : texts(tokenizer).text((int) id, false));
    }
    return all.toByteArray();
  }

  private static List<String> spelled(Tokenizer tokenizer, Batch batch, int[] sizes) {
    long[] targets = targets(batch);
    int[] at = new int[1];
    return Arrays.stream(sizes)
        .mapToObj(
            size -> {
              int from = at[0];
              at[0] += size;
              return new String(
                  bytes(tokenizer, Arrays.copyOfRange(targets, from, from + size)),
                  StandardCharsets.UTF_8);
            })
        .toList();
  }
}
