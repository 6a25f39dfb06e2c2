/** The message field's. */
export const COMPOSER_ID = 'composer';
/** Of the button that asks for files. */
export const ATTACH_ID = 'attach';
