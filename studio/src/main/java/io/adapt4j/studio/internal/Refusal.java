package io.adapt4j.studio.internal;

/** A request that is refused, with a status and a message of the bundles. */
public final class Refusal extends RuntimeException {

  private static final long serialVersionUID = 1L;

  private final int status;
  private final String key;

  /** Creates a refusal with the key of its message. */
  public Refusal(int status, String key) {
    super(status + " " + key, null, false, false);
    this.status = status;
    this.key = key;
  }

  public static Refusal notFound() {
    return new Refusal(404, "refused_unknown");
  }

  public int status() {
    return status;
  }

  public String key() {
    return key;
  }
}
