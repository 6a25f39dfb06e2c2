/** A newer version of the program wrote this profile; an older one could only damage it. */
export class ProfileTooNew extends Error {
  override readonly name = 'ProfileTooNew';
}
