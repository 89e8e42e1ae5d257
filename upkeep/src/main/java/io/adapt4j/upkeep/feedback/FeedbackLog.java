package io.adapt4j.upkeep.feedback;

import io.adapt4j.core.internal.Disk;
import io.adapt4j.core.internal.Temporaries;
import io.adapt4j.core.internal.WriteFailure;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.security.SecureRandom;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.UUID;
import java.util.function.Consumer;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/**
 * Log of answers and of feedback on them, in a folder. Entries are appended to a file of JSON lines
 * with checksums; each is on the device when its call returns. Several threads and processes may
 * use one folder.
 *
 * <pre>{@code
 * FeedbackLog log = FeedbackLog.at(folder).retention(Duration.ofDays(90)).open();
 * log.record(RecordedAnswer.of(id, "support@3", request, text).withConsent(true));
 * log.add(Feedback.on(id).rated(Rating.UP).withConsent(true));
 * log.expire();
 * }</pre>
 *
 * <p>Customers' keys are stored as keyed hashes unless {@link Builder#plainCustomers} asks for
 * plain ones. The key lies in the folder, so whoever reads the folder can test guesses. The ids of
 * all recorded answers are kept in memory, about 100 bytes each.
 */
public final class FeedbackLog {

  private static final int SALT_BYTES = 16;
  private static final long DEFAULT_BYTES = 10L << 30;

  private final FeedbackFile file;
  private final @Nullable Duration retention;
  private final WithoutConsent withoutConsent;
  private final Clock clock;
  private final long maxBytes;
  private final String salt;

  /** Versions of all recorded answers by id. */
  private final Map<String, String> answers = new HashMap<>();

  private String generation = "";
  private long end;

  private FeedbackLog(Builder builder) throws IOException {
    this.file = new FeedbackFile(builder.folder);
    this.retention = builder.retention;
    this.withoutConsent = builder.withoutConsent;
    this.clock = builder.clock;
    this.maxBytes = builder.maxBytes;
    this.salt = file.locked(() -> create(builder)).salt();
    if (salt.isEmpty() != builder.plainCustomers) {
      throw new IllegalArgumentException(
          "%s: expected customers %s as when the log was made. %s plainCustomers()."
              .formatted(
                  file.path(),
                  salt.isEmpty() ? "in plain" : "as hashes",
                  salt.isEmpty() ? "Add" : "Leave out"));
    }
  }

  /**
   * Opens a log without a retention period; content is not stored without consent.
   *
   * @param folder its folder, created if it is missing
   * @return the log
   * @throws UncheckedIOException if it cannot be read or created
   */
  public static FeedbackLog open(Path folder) {
    return at(folder).open();
  }

  /**
   * Starts opening a log with options.
   *
   * @param folder its folder, created if it is missing
   * @return options; finish with {@link Builder#open()}
   */
  public static Builder at(Path folder) {
    return new Builder(folder);
  }

  /** {@return its folder} */
  public Path folder() {
    return file.folder();
  }

  private EntryJson.Header create(Builder builder) throws IOException {
    if (file.isMissing()) {
      byte[] key = new byte[SALT_BYTES];
      new SecureRandom().nextBytes(key);
      String made = builder.plainCustomers ? "" : HexFormat.of().formatHex(key);
      file.write(out -> out.line(header(made)));
    }
    return refresh();
  }

  private static String header(String salt) {
    return EntryJson.line(new EntryJson.Header(UUID.randomUUID().toString(), salt));
  }

  /** Reads what other processes have appended, or all if they have rewritten the file. */
  private EntryJson.Header refresh() throws IOException {
    EntryJson.Header header = file.header();
    if (!header.generation().equals(generation)) {
      generation = "";
      answers.clear();
      end = 0;
    }
    end =
        file.read(
                end,
                (line, entry) -> {
                  if (entry instanceof RecordedAnswer answer) {
                    answers.put(answer.id(), answer.version().intern());
                  }
                })
            .end();
    generation = header.generation();
    return header;
  }

  /**
   * Appends an answer. Its content is left out if there is no consent and the log stores none
   * without.
   *
   * @param answer the answer
   * @throws IllegalArgumentException if its id is recorded already, or a text is too long
   * @throws UncheckedIOException if it cannot be written
   */
  public synchronized void record(RecordedAnswer answer) {
    Entries.requireLength("text", answer.text().length());
    RecordedAnswer stored =
        StoredEntries.stored(
            answer, answer.customer().map(this::customer), isDropped(answer.consent()));
    run(
        () -> {
          refresh();
          if (answers.containsKey(answer.id())) {
            throw new IllegalArgumentException(
                "id: expected one that is not recorded yet, found '" + answer.id() + "'");
          }
          return append(EntryJson.line(stored));
        });
  }

  /**
   * Appends feedback. Correction and flag are left out if there is no consent and the log stores no
   * content without.
   *
   * @param feedback the feedback
   * @return false if an answer that it is about is not in the log (any more), and nothing was
   *     stored
   * @throws IllegalArgumentException if it has no judgment
   * @throws UncheckedIOException if it cannot be written
   */
  public synchronized boolean add(Feedback feedback) {
    Judgment judgment = feedback.judgment();
    if (judgment.isEmpty()) {
      throw new IllegalArgumentException(
          "feedback: expected a rating, correction, preference or flag, found none");
    }
    Feedback stored =
        StoredEntries.stored(
            feedback, feedback.customer().map(this::customer), isDropped(feedback.consent()));
    return run(
        () -> {
          refresh();
          boolean known =
              answers.containsKey(feedback.answer())
                  && judgment.preferredOver().stream().allMatch(answers::containsKey);
          return known && (stored.judgment().isEmpty() || append(EntryJson.line(stored)));
        });
  }

  private boolean isDropped(boolean consent) {
    return !consent && withoutConsent == WithoutConsent.DROP_CONTENT;
  }

  private boolean append(String line) throws IOException {
    file.append(end, line, maxBytes);
    return true;
  }

  /**
   * Returns the version that gave an answer.
   *
   * @param id the answer's id
   * @return the version; empty if the answer is not in the log
   */
  public synchronized Optional<String> version(String id) {
    run(this::refresh);
    return Optional.ofNullable(answers.get(id));
  }

  /** {@return all entries at this time} */
  public FeedbackEntries read() {
    return read(answer -> true);
  }

  /** {@return the feedback at this time, and only those answers that it is about} */
  public FeedbackEntries judged() {
    Set<String> wanted = new HashSet<>();
    each(
        entry -> {
          if (entry instanceof Feedback feedback) {
            wanted.add(feedback.answer());
            feedback.judgment().preferredOver().ifPresent(wanted::add);
          }
        });
    return read(answer -> wanted.contains(answer.id()));
  }

  private FeedbackEntries read(Predicate<RecordedAnswer> wanted) {
    List<RecordedAnswer> found = new ArrayList<>();
    List<Feedback> feedback = new ArrayList<>();
    each(
        entry -> {
          if (entry instanceof RecordedAnswer answer && wanted.test(answer)) {
            found.add(answer);
          } else if (entry instanceof Feedback one) {
            feedback.add(one);
          }
        });
    return new FeedbackEntries(found, feedback);
  }

  private void each(Consumer<Object> entries) {
    try {
      file.read(0, (line, entry) -> entries.accept(entry));
    } catch (IOException e) {
      throw failed(e);
    }
  }

  /**
   * Removes the entries whose retention period has passed from the file, which is replaced
   * atomically.
   *
   * @return the ids of the removed entries
   * @throws IllegalStateException if the log has no retention period
   * @throws UncheckedIOException if the file cannot be written; it is then unchanged
   */
  public synchronized List<String> expire() {
    if (retention == null) {
      throw new IllegalStateException("retention: expected a period, found none. Set retention().");
    }
    Instant last = clock.instant().minus(retention);
    return run(
        () ->
            remove(
                entry ->
                    (entry instanceof RecordedAnswer answer && !answer.time().isAfter(last))
                        || (entry instanceof Feedback one && !one.time().isAfter(last)),
                false));
  }

  /**
   * Removes all entries of a customer from the file, which is replaced atomically: the customer's
   * answers, all feedback on them, and the feedback that the customer gave. The removed ids stay in
   * the log, see {@link #forgotten()}.
   *
   * @param key the customer's key, as it was given when the entries were made
   * @return the ids of the removed entries; models trained on them are unchanged
   * @throws UncheckedIOException if the file cannot be written; it is then unchanged
   */
  public synchronized List<String> forget(String key) {
    String customer = customer(key);
    return forget(
        answer -> is(answer.customer(), customer), feedback -> is(feedback.customer(), customer));
  }

  /**
   * Removes the answers whose request or text meets a condition, such as that it quotes a deleted
   * document, all feedback on them, and feedback with such a correction or flag. Otherwise like
   * {@link #forget(String)}.
   *
   * @param condition the condition on a text
   * @return the ids of the removed entries; models trained on them are unchanged
   * @throws UncheckedIOException if the file cannot be written; it is then unchanged
   */
  public synchronized List<String> forgetTexts(Predicate<String> condition) {
    return forget(
        answer -> StoredEntries.texts(answer).anyMatch(condition),
        feedback -> StoredEntries.texts(feedback).anyMatch(condition));
  }

  private List<String> forget(Predicate<RecordedAnswer> answers, Predicate<Feedback> judged) {
    return run(
        () -> {
          Temporaries.sweep(file.folder());
          Set<String> gone = new HashSet<>();
          file.read(
              0,
              (line, entry) -> {
                if (entry instanceof RecordedAnswer answer && answers.test(answer)) {
                  gone.add(answer.id());
                }
              });
          return remove(
              entry ->
                  (entry instanceof RecordedAnswer answer && gone.contains(answer.id()))
                      || (entry instanceof Feedback feedback
                          && (judged.test(feedback)
                              || gone.contains(feedback.answer())
                              || feedback
                                  .judgment()
                                  .preferredOver()
                                  .filter(gone::contains)
                                  .isPresent())),
              true);
        });
  }

  private static boolean is(Optional<String> customer, String wanted) {
    return customer.filter(wanted::equals).isPresent();
  }

  private List<String> remove(Predicate<Object> unwanted, boolean remembered) throws IOException {
    List<String> removed = new ArrayList<>();
    FeedbackFile.Found found =
        file.read(
            0,
            (line, entry) -> {
              if (unwanted.test(entry)) {
                removed.add(
                    entry instanceof RecordedAnswer answer ? answer.id() : ((Feedback) entry).id());
              }
            });
    // A damaged line may be one of those.
    if (removed.isEmpty() && found.damaged() == 0) {
      return removed;
    }
    file.write(
        out -> {
          out.line(header(salt));
          file.read(
              0,
              (line, entry) -> {
                if (!(entry instanceof EntryJson.Header) && !unwanted.test(entry)) {
                  out.line(line);
                }
              });
          if (remembered) {
            out.line(EntryJson.line(new EntryJson.Forgotten(clock.instant(), removed)));
          }
        });
    return List.copyOf(removed);
  }

  /** {@return the ids of all entries that {@link #forget} removed} */
  public List<String> forgotten() {
    List<String> ids = new ArrayList<>();
    each(
        entry -> {
          if (entry instanceof EntryJson.Forgotten forgotten) {
            ids.addAll(forgotten.ids());
          }
        });
    return List.copyOf(ids);
  }

  /**
   * Returns a customer's key as this log stores it, and as the origin of training rows names it.
   *
   * @param key key of the customer or session
   * @return its hash, or the key itself if plain keys are kept
   */
  public String customer(String key) {
    return CustomerHash.of(key, salt);
  }

  private <T> T run(FeedbackFile.Work<T> work) {
    try {
      return file.locked(work);
    } catch (IOException e) {
      throw failed(e);
    }
  }

  private UncheckedIOException failed(IOException e) {
    return failed(file.path(), e);
  }

  private static UncheckedIOException failed(Path file, IOException e) {
    return new UncheckedIOException(
        "The feedback log " + file + " failed: " + WriteFailure.explain(file, e), e);
  }

  /** Options of a log. */
  public static final class Builder {

    private final Path folder;
    private @Nullable Duration retention;
    private WithoutConsent withoutConsent = WithoutConsent.DROP_CONTENT;
    private boolean plainCustomers;
    private Clock clock = Clock.systemUTC();
    private long maxBytes = DEFAULT_BYTES;

    private Builder(Path folder) {
      this.folder = Objects.requireNonNull(folder, "folder");
    }

    /**
     * Sets the retention period, after which {@link FeedbackLog#expire} removes an entry. Default:
     * none.
     *
     * @param period the period, above 0
     * @throws IllegalArgumentException if it is not positive
     */
    public Builder retention(Duration period) {
      if (period.isNegative() || period.isZero()) {
        throw new IllegalArgumentException("retention: expected above 0, found " + period);
      }
      this.retention = period;
      return this;
    }

    /**
     * Sets the treatment of content without consent. Default: {@link WithoutConsent#DROP_CONTENT}.
     *
     * @param treatment the treatment
     */
    public Builder withoutConsent(WithoutConsent treatment) {
      this.withoutConsent = Objects.requireNonNull(treatment, "treatment");
      return this;
    }

    /** Stores customers' keys as they are given. Default: keyed hashes. */
    public Builder plainCustomers() {
      this.plainCustomers = true;
      return this;
    }

    /**
     * Sets the clock that retention is measured by. Default: the system's.
     *
     * @param time the clock
     */
    public Builder clock(Clock time) {
      this.clock = Objects.requireNonNull(time, "time");
      return this;
    }

    /**
     * Sets the maximum size of the file, above which nothing is appended. Default: 10 GiB.
     *
     * @param bytes the size in bytes, at least 1
     * @throws IllegalArgumentException if it is below 1
     */
    public Builder maxBytes(long bytes) {
      if (bytes < 1) {
        throw new IllegalArgumentException("maxBytes: expected at least 1, found " + bytes);
      }
      this.maxBytes = bytes;
      return this;
    }

    /**
     * Opens the log. A folder that is created may be read by this user alone, where the file system
     * has permissions.
     *
     * @return the log
     * @throws UncheckedIOException if it cannot be read or created
     * @throws IllegalArgumentException if the log stores customers in another way
     */
    public FeedbackLog open() {
      try {
        if (!Files.exists(folder)) {
          Disk.createFolders(folder);
          if (folder.getFileSystem().supportedFileAttributeViews().contains("posix")) {
            Files.setPosixFilePermissions(folder, PosixFilePermissions.fromString("rwx------"));
          }
        }
        return new FeedbackLog(this);
      } catch (IOException e) {
        throw failed(new FeedbackFile(folder).path(), e);
      }
    }
  }
}
