package io.adapt4j.upkeep.feedback;

import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.util.HexFormat;
import javax.crypto.Mac;
import javax.crypto.spec.SecretKeySpec;

/** Keyed hash of a customer's key. */
final class CustomerHash {

  private static final String ALGORITHM = "HmacSHA256";
  private static final int BYTES = 16;

  private CustomerHash() {}

  /** Hashes a key by a salt in hexadecimal; returns the key itself if that is empty. */
  static String of(String key, String salt) {
    if (salt.isEmpty()) {
      return key;
    }
    try {
      Mac mac = Mac.getInstance(ALGORITHM);
      mac.init(new SecretKeySpec(HexFormat.of().parseHex(salt), ALGORITHM));
      byte[] hash = mac.doFinal(key.getBytes(StandardCharsets.UTF_8));
      return HexFormat.of().formatHex(hash, 0, BYTES);
    } catch (GeneralSecurityException e) {
      throw new IllegalStateException("every Java platform has " + ALGORITHM, e);
    }
  }
}
