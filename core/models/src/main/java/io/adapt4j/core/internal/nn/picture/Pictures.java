package io.adapt4j.core.internal.nn.picture;

import io.adapt4j.core.internal.chat.PictureTokens;
import io.adapt4j.core.internal.tensor.Scope;
import io.adapt4j.core.internal.tensor.Tensor;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * The pictures that prompts of a model may contain. Each row of a picture has an id above those of
 * the vocabulary. A picture keeps its ids, and no two share any, so that equal prompts are equal
 * texts and pictures: caches of prompts need to know nothing else.
 *
 * <p>Thread-safe.
 */
public final class Pictures {

  /** The first id of a row; vocabularies are smaller. */
  public static final int FIRST = PictureTokens.FIRST;

  /** Number of pictures whose ids are remembered. */
  private static final int REMEMBERED = 1 << 14;

  private final PictureRule rule;

  /** First ids of pictures by their digests, least recently used first. */
  private final Map<String, Integer> known = new LinkedHashMap<>(16, 0.75f, true);

  /** Pictures in use by their first ids. */
  private final TreeMap<Integer, Shared> used = new TreeMap<>();

  private int next = FIRST;

  /** Creates an empty registry. */
  public Pictures(PictureRule rule) {
    this.rule = rule;
  }

  /** Rows and the number of their users. */
  private final class Shared {
    private final int first;
    private final PictureRows rows;
    private int users;

    Shared(int first, PictureRows rows) {
      this.first = first;
      this.rows = rows;
    }

    Held hold() {
      users++;
      return new Held(this);
    }

    void release() {
      if (--users == 0) {
        used.remove(first);
        rows.close();
      }
    }
  }

  /** A picture that stays in memory until this is closed. */
  public final class Held implements AutoCloseable {
    private @Nullable Shared shared;

    private Held(Shared shared) {
      this.shared = shared;
    }

    private Shared shared() {
      return Objects.requireNonNull(shared, "closed picture");
    }

    /** Returns the ids of its rows. */
    public int[] ids() {
      int[] ids = new int[rows().count()];
      Arrays.setAll(ids, row -> shared().first + row);
      return ids;
    }

    /** Returns its rows. */
    public PictureRows rows() {
      return shared().rows;
    }

    /** Returns another handle of the same picture. */
    public Held again() {
      synchronized (Pictures.this) {
        return shared().hold();
      }
    }

    @Override
    public void close() {
      synchronized (Pictures.this) {
        if (shared != null) {
          shared.release();
          shared = null;
        }
      }
    }
  }

  /** Returns how the model reads pictures. */
  public PictureRule rule() {
    return rule;
  }

  /** Returns a picture that is in use. */
  public synchronized Optional<Held> find(String digest) {
    return Optional.ofNullable(known.get(digest)).map(used::get).map(Shared::hold);
  }

  /**
   * Adds a picture.
   *
   * @param digest of its pixels and of everything else that its rows depend on
   */
  public synchronized Held hold(String digest, PictureRows rows) {
    Optional<Held> found = find(digest);
    if (found.isPresent()) {
      rows.close();
      return found.get();
    }
    Integer before = known.get(digest);
    int first = before == null ? take(rows.count()) : before;
    known.put(digest, first);
    if (known.size() > REMEMBERED) {
      known.remove(known.keySet().iterator().next());
    }
    Shared shared = new Shared(first, scaled(rows));
    used.put(first, shared);
    return shared.hold();
  }

  private int take(int rows) {
    if (rows > Integer.MAX_VALUE - next) {
      throw new IllegalStateException(
          "The model has read so many different pictures that it has no ids left for others; load"
              + " it again");
    }
    int first = next;
    next += rows;
    return first;
  }

  private PictureRows scaled(PictureRows rows) {
    if (rule.factor() == 1) {
      return rows;
    }
    try (Scope scope = Scope.open(rows.rows().engine())) {
      Tensor scaled = rows.rows().scaled(rule.factor()).own();
      rows.rows().close();
      return new PictureRows(scaled, rows.deeper(), rows.places(), rows.span());
    }
  }

  /** Returns whether a text contains rows of pictures. */
  public static boolean areIn(int[] ids) {
    return Arrays.stream(ids).anyMatch(id -> id >= FIRST);
  }

  /** Returns the beginning of a text that contains no rows. */
  public static int[] before(int[] ids) {
    int end = 0;
    while (end < ids.length && ids[end] < FIRST) {
      end++;
    }
    return end == ids.length ? ids : Arrays.copyOf(ids, end);
  }

  /** Returns a prompt with the picture token in the places of pictures that are in use. */
  public int[] withTokens(int[] prompt) {
    if (!areIn(prompt)) {
      return prompt;
    }
    int token = rule.tokenId();
    synchronized (this) {
      return Arrays.stream(prompt).map(id -> inUse(id) == null ? id : token).toArray();
    }
  }

  private @Nullable Shared inUse(int id) {
    Map.Entry<Integer, Shared> floor = id < FIRST ? null : used.floorEntry(id);
    return floor != null && id - floor.getKey() < floor.getValue().rows.count()
        ? floor.getValue()
        : null;
  }

  /** Finds the pictures of a prompt, which stay in memory until the result is closed. */
  public PromptPictures of(int[] prompt) {
    if (rule.sight() != PictureRule.Sight.PROMPT && !areIn(prompt)) {
      return PromptPictures.NONE;
    }
    List<Held> held = new ArrayList<>();
    List<Insertion> runs = new ArrayList<>();
    synchronized (this) {
      requireInUse(prompt);
      for (int at = 0; at < prompt.length; at++) {
        Shared shared = inUse(prompt[at]);
        if (shared != null) {
          int row = prompt[at] - shared.first;
          int count = run(prompt, at, shared.rows.count() - row);
          held.add(shared.hold());
          runs.add(new Insertion(shared.rows, row, at, count));
          at += count - 1;
        }
      }
    }
    return new PromptPictures(rule, prompt.length, runs, held);
  }

  private void requireInUse(int[] prompt) {
    if (Arrays.stream(prompt).anyMatch(id -> id >= FIRST && inUse(id) == null)) {
      throw new IllegalStateException(
          "A picture was closed before the request that reads it; close it after the answer");
    }
  }

  /** Returns the number of rows that follow each other from a place on. */
  private static int run(int[] prompt, int at, int most) {
    int count = 1;
    while (count < most && at + count < prompt.length && prompt[at + count] == prompt[at] + count) {
      count++;
    }
    return count;
  }
}
