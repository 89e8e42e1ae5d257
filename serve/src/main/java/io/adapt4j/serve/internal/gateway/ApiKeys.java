package io.adapt4j.serve.internal.gateway;

import io.adapt4j.core.internal.FileDigest;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.util.Collection;
import java.util.List;
import java.util.Optional;

/** The accepted API keys. Digests are compared in constant time, whatever the key. */
public final class ApiKeys {

  private static final String BEARER = "Bearer ";

  private final List<byte[]> digests;

  /** Creates keys; without any, everybody is admitted. */
  public ApiKeys(Collection<String> keys) {
    this.digests = keys.stream().map(ApiKeys::digest).toList();
  }

  boolean isEmpty() {
    return digests.isEmpty();
  }

  /** Returns whether an {@code Authorization} header has one of the keys, or none is needed. */
  boolean admits(Optional<String> authorization) {
    if (digests.isEmpty()) {
      return true;
    }
    String header = authorization.orElse("");
    if (!header.regionMatches(true, 0, BEARER, 0, BEARER.length())) {
      return false;
    }
    byte[] shown = digest(header.substring(BEARER.length()).strip());
    boolean known = false;
    for (byte[] key : digests) {
      known |= MessageDigest.isEqual(key, shown);
    }
    return known;
  }

  private static byte[] digest(String key) {
    return FileDigest.sha256().digest(key.getBytes(StandardCharsets.UTF_8));
  }
}
