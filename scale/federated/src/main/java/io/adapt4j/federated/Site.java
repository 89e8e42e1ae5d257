package io.adapt4j.federated;

import io.adapt4j.core.data.Dataset;
import io.adapt4j.core.data.Datasets;
import io.adapt4j.core.internal.PortableName;
import java.nio.file.Path;
import java.util.Objects;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/** A participant that trains on its own data. Immutable: every option returns a changed copy. */
public final class Site {

  private static final Pattern NAME = Pattern.compile("[A-Za-z0-9][A-Za-z0-9._-]{0,99}");

  private final String name;
  private final SiteData data;
  private final int rank;
  private final @Nullable LocalTraining training;
  private final @Nullable String host;

  private Site(
      String name,
      SiteData data,
      int rank,
      @Nullable LocalTraining training,
      @Nullable String host) {
    this.name = name;
    this.data = data;
    this.rank = rank;
    this.training = training;
    this.host = host;
  }

  /**
   * Creates a site with a file, or a folder of files, that is read where the site trains.
   *
   * @param name a unique name of letters, digits, dots, hyphens and underscores
   * @param data a path for {@link Datasets#read}
   * @return the site
   * @throws IllegalArgumentException if the name is invalid
   */
  public static Site of(String name, Path data) {
    // Paths are not serializable.
    String path = data.toString();
    return of(name, () -> Datasets.read(Path.of(path)).mixedShapes().open());
  }

  /**
   * Creates a site with rows in memory, for simulations in one process.
   *
   * @param data the rows
   * @return the site
   * @throws IllegalArgumentException if the name is invalid
   */
  public static Site of(String name, Dataset data) {
    Objects.requireNonNull(data, "data");
    return of(name, () -> data);
  }

  /**
   * Creates a site whose data is opened where it trains.
   *
   * @param data opens the data
   * @return the site
   * @throws IllegalArgumentException if the name is invalid
   */
  public static Site of(String name, SiteData data) {
    if (!NAME.matcher(name).matches()) {
      throw new IllegalArgumentException(
          "site: expected a name of letters, digits, dots, hyphens and underscores, found '"
              + name
              + "'");
    }
    PortableName.problem(name)
        .ifPresent(
            problem -> {
              throw new IllegalArgumentException(
                  "site: '%s' has %s, and files are named by it".formatted(name, problem));
            });
    return new Site(name, Objects.requireNonNull(data, "data"), 0, null, null);
  }

  /**
   * Sets a different rank for the site, for a machine with less memory. It trains the first ranks
   * of the common adapter; with {@link Aggregation#STACK_MERGE} the rank may also be above the
   * method's.
   *
   * @param rank at least 1
   * @return a changed copy
   * @throws IllegalArgumentException if the rank is below 1
   */
  public Site rank(int rank) {
    if (rank < 1) {
      throw new IllegalArgumentException("rank: expected at least 1, found " + rank);
    }
    return new Site(name, data, rank, training, host);
  }

  /**
   * Adds training options for the site, applied after those of all sites.
   *
   * @param training sets them
   * @return a changed copy
   */
  public Site training(LocalTraining training) {
    return new Site(name, data, rank, Objects.requireNonNull(training, "training"), host);
  }

  /**
   * Sets the machine that has the data, for runners that place the work.
   *
   * @param host its host name in the cluster
   * @return a changed copy
   */
  public Site host(String host) {
    return new Site(name, data, rank, training, Objects.requireNonNull(host, "host"));
  }

  /** {@return the name} */
  public String name() {
    return name;
  }

  /** {@return its rank; empty for that of the method} */
  public OptionalInt rank() {
    return rank == 0 ? OptionalInt.empty() : OptionalInt.of(rank);
  }

  /** {@return the machine that has the data; empty if none was given} */
  public Optional<String> host() {
    return Optional.ofNullable(host);
  }

  SiteData data() {
    return data;
  }

  Optional<LocalTraining> training() {
    return Optional.ofNullable(training);
  }
}
